"""Dual mode leaves wandb untouched, and what wandb has recorded is in Pluto: a corpus of scripts, with and without us.

Scripts that differ in kind run with the newest wandb, a few with the oldest; `make corpus` runs all with all.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.corpus.comparison import DELIBERATE, differences, table
from tests.helpers.corpus.pluto_copy import KNOWN, missing
from tests.helpers.corpus.run_sides import SCRIPTS, Theatre, lent
from tests.helpers.environments import ROOT
from tests.process.dual.conftest import ALL
from wandb_compat.dual.supported_versions import TESTED

NEWEST, OLDEST = TESTED[-1], TESTED[0]
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.py"))
NEEDS_TORCH = {"watched_model"}
KINDS = (
    "artifacts",
    "commit_false",
    "config_changes",
    "console_output",
    "define_metric",
    "fork",
    "media",
    "pickled_run",
    "resume",
    "summary_changes",
    "uncaught_exception",
)
FEW = ("commit_false", "define_metric", "summary_changes")
CASES = [
    (version, name)
    for version in (TESTED if ALL else (NEWEST, OLDEST))
    for name in (NAMES if ALL else KINDS if version == NEWEST else FEW)
]


@pytest.fixture(scope="module")
def theatre(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory, pluto_server: Any, request: pytest.FixtureRequest
) -> Iterator[Theatre]:
    """The scripts of the tests that are selected, all set going at once."""
    variables = {**pluto_server.environment(), "WANDB_COMPAT_LINGER": "30"}
    made = Theatre(wheel.parent, wheel, tmp_path_factory.mktemp("corpus"), variables)
    for item in request.session.items:
        if getattr(item, "originalname", None) == test_wandb_is_untouched.__name__:
            made.announce(*item.callspec.params["case"])  # type: ignore[attr-defined]
    yield made
    made.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[1]}-{case[0]}")
def test_wandb_is_untouched(theatre: Theatre, case: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Records, files, streams and exit code are as without us, and Pluto has what wandb has recorded."""
    version, name = case
    if name in NEEDS_TORCH and not lent():
        pytest.skip("no torch is installed here")
    alone, joint = theatre.side(version, name, False), theatre.side(version, name, True)
    seen = differences(alone, joint, name)
    assert not seen, "\n".join(seen)
    for variable, value in theatre.variables.items():
        monkeypatch.setenv(variable, value)
    found = missing(joint, name, theatre.project(version, name))
    assert not found, "\n".join(found)


def test_the_corpus_is_large() -> None:
    """There are the scripts that were promised, each says what it does, and no known difference is of another."""
    assert len(NAMES) >= 25
    assert all((SCRIPTS / f"{name}.py").read_text().startswith('"""') for name in NAMES)
    assert set(NAMES) >= {*KNOWN, *NEEDS_TORCH, *KINDS, *FEW}


def test_a_difference_is_noticed(theatre: Theatre) -> None:
    """What the corpus compares does differ where the scripts differ."""
    first, second = (theatre.side(NEWEST, name, False) for name in ("console_output", "commit_false"))
    found = "\n".join(differences(first, second))
    assert all(aspect in found for aspect in ("stdout:", "stderr:", "records of run 0: history:"))


def test_the_page_has_the_table() -> None:
    """The documentation lists each deliberate difference, as the tests know it."""
    page = (ROOT / "docs" / "dual-mode.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in page and len(DELIBERATE) > 2

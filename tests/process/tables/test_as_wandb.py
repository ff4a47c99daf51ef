"""Tables and charts are made, and refused, exactly as the real wandb 0.31 makes and refuses them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.environments import HELPERS, ROOT
from tests.helpers.table_answers import STATEMENTS

Answers = list[tuple[Any, Any]]


def _answers(python: str | Path, environment: dict[str, str], folder: Path) -> list[Any]:
    done = subprocess.run(
        [python, HELPERS / "table_answers.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def answers(real_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What ours and the real one say to each statement."""
    folder = tmp_path_factory.mktemp("asked")
    alone = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": "/usr/bin:/bin", "WANDB_SILENT": "true"}
    alone.update(NO_PROXY="127.0.0.1,localhost", PLUTO_DISABLE_TELEMETRY="1", WANDB_ERROR_REPORTING="false")
    ours = _answers(sys.executable, {**alone, "PYTHONPATH": str(ROOT), "DISABLE_WANDB_LOGGING": "true"}, folder)
    return list(zip(ours, _answers(real_python, alone, folder), strict=True))


@pytest.mark.parametrize("number", range(len(STATEMENTS)), ids=STATEMENTS)
def test_same_answer(answers: Answers, number: int) -> None:
    """A statement about tables or charts gives the same values and types, or the same exception with the same text."""
    ours, theirs = answers[number]
    assert ours == theirs

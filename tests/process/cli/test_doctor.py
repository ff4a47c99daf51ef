"""`doctor` tells which wandb is active, which key is used and whether the server is there; never the key itself."""

import os
import re
from pathlib import Path

import pytest

from tests.helpers.environments import ROOT
from tests.helpers.offline_runs import Command
from wandb_compat.server.serve import Running


def problems(report: str) -> list[str]:
    """Return the texts of the lines that make an environment unhealthy."""
    return [line.removeprefix("problem").strip() for line in report.splitlines() if line.startswith("problem")]


def test_a_healthy_environment(cli: Command, pluto_server: Running) -> None:
    """Key, server and drop-in are there: the report says so and the exit code is 0."""
    report = cli("doctor").stdout
    assert problems(report) == []
    assert "Pluto key found in PLUTO_API_KEY" in report
    assert f"{pluto_server.url} accepts the key" in report
    assert str(ROOT / "wandb" / "__init__.py") in report
    assert pluto_server.key not in report


def test_no_key(cli: Command) -> None:
    """Without a key the report says how to get one."""
    (problem,) = problems(cli("doctor", code=1, PLUTO_API_KEY=None).stdout)
    assert "wandb-compat login" in problem


def test_a_refused_key(cli: Command) -> None:
    """A key that the server refuses is a problem, and it is not shown."""
    report = cli("doctor", code=1, PLUTO_API_KEY="mlpi_wrongwrongwrong1").stdout
    (problem,) = problems(report)
    assert "refuses the key" in problem
    assert "wrongwrong" not in report


def test_a_key_of_another_kind(cli: Command) -> None:
    """A key that cannot be Pluto's is named by its place, not shown, and not sent to the server."""
    report = cli("doctor", code=1, PLUTO_API_KEY="0123456789abcdef").stdout
    (problem,) = problems(report)
    assert problem.startswith("the value of PLUTO_API_KEY is not a Pluto key")
    assert "0123456789" not in report


def test_a_stored_key_is_found(cli: Command, pluto_server: Running) -> None:
    """What `login` has stored is found and taken."""
    cli("login", pluto_server.key)
    report = cli("doctor", PLUTO_API_KEY=None).stdout
    assert "Pluto key found in the keyring of `pluto login`" in report
    assert f"{pluto_server.url} accepts the key" in report
    assert pluto_server.key not in report


def test_an_unreachable_host(cli: Command, pluto_server: Running) -> None:
    """Each host that does not answer is named; the others are not blamed."""
    (problem,) = problems(cli("doctor", code=1, PLUTO_URL_INGEST="http://127.0.0.1:9").stdout)
    assert "http://127.0.0.1:9 cannot be reached" in problem


def test_incomplete_urls(cli: Command) -> None:
    """A self-hosted server with a URL left out is a problem that names the variable."""
    gone = {f"PLUTO_URL_{name}": None for name in ("APP", "INGEST", "PY")}
    (problem,) = problems(cli("doctor", code=1, **gone).stdout)
    assert "PLUTO_URL_PY must be set" in problem


@pytest.mark.parametrize("name", ["wandb.py", "wandb/__init__.py"])
def test_a_file_of_that_name_in_the_working_folder(cli: Command, folder: Path, name: str, bare_python: str) -> None:
    """A module of one's own called wandb is named; where it is imported in our place that is a problem."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("__version__ = '0'\n")
    report = cli("doctor", fresh=True).stdout
    assert f"note     not imported, though they are called wandb: {folder / name}" in report
    report = cli("doctor", code=1, fresh=True, python=bare_python, PYTHONPATH=str(ROOT)).stdout
    assert problems(report)[0].startswith(f"off mode: wandb was imported from {folder / name}")


def test_pluto_mls_own_hook(cli: Command, folder: Path, bare_python: str) -> None:
    """The real hook of pluto-ml, when our start-up file is not read to stand it down, is a problem."""
    (folder / "sitecustomize.py").write_text("import pluto._wandb_hook; pluto._wandb_hook.install()\n")
    report = cli("doctor", code=1, fresh=True, python=bare_python, PYTHONPATH=f"{folder}{os.pathsep}{ROOT}").stdout
    assert any("hook of pluto-ml is active" in problem for problem in problems(report))
    assert "wandb-compat run" in report


def test_a_folder_of_runs_shadows_nothing(cli: Command, folder: Path) -> None:
    """The folder `wandb` that runs leave behind is not a problem."""
    (folder / "wandb" / "run-20260101_000000-x").mkdir(parents=True)
    assert problems(cli("doctor").stdout) == []


def test_settings_that_are_ignored(cli: Command) -> None:
    """A value without sense is named with its variable."""
    (problem,) = problems(cli("doctor", code=1, WANDB_COMPAT_FINISH_BUDGET="soon").stdout)
    assert problem.startswith("WANDB_COMPAT_FINISH_BUDGET='soon' is ignored")


def test_switched_off(cli: Command) -> None:
    """WANDB_COMPAT=off is found."""
    assert any(
        "WANDB_COMPAT=off" in problem
        for problem in problems(cli("doctor", code=1, fresh=True, WANDB_COMPAT="off").stdout)
    )


def test_a_broken_wandb(cli: Command, folder: Path, bare_python: str) -> None:
    """When `import wandb` fails the reason is in the report."""
    (folder / "wandb.py").write_text("raise RuntimeError('torn')\n")
    report = cli("doctor", code=1, fresh=True, python=bare_python, PYTHONPATH=str(ROOT)).stdout
    assert any("torn" in problem for problem in problems(report))


def test_offline_is_mentioned(cli: Command) -> None:
    """WANDB_MODE=offline explains why nothing arrives, and is not a problem."""
    assert "note     WANDB_MODE=offline" in cli("doctor", WANDB_MODE="offline").stdout


def test_the_api_is_shown_with_its_levels(cli: Command) -> None:
    """`doctor --api` prints how each name of wandb is supported, whichever mode is active."""
    output = cli("doctor", "--api", WANDB_COMPAT="off").stdout
    assert re.search(r"full +run\.get_url", output) and re.search(
        r"refused +wandb\.sdk\.launch\.launch +Pluto has no", output
    )

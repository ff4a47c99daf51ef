"""Runs the command line as a user does: in a separate process, in a separate folder and home."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import warm_python
from tests.helpers.offline_runs import Command, Runs
from wandb_compat.server.serve import Running

# Every call starts an interpreter, in which pluto-ml's start-up hook does its work too.
TIMEOUT = 120


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The working folder of the commands."""
    path = tmp_path / "work"
    path.mkdir()
    return path


@pytest.fixture
def environment(clean_environment: dict[str, str], pluto_server: Running) -> dict[str, str]:
    """The variables of the commands: the session's server and its key, a home without anything."""
    return {**clean_environment, **pluto_server.environment()}


@pytest.fixture
def cli(folder: Path, environment: dict[str, str]) -> Command:
    """Runs `wandb-compat` with arguments, or another module, and returns the finished process.

    A variable given as None is removed. With `fresh` the interpreter is a new one, for what happens at its start.
    """

    def run(
        *arguments: object,
        code: int | None = 0,
        module: str = "wandb_compat",
        python: str = sys.executable,
        input: str = "",
        fresh: bool = False,
        **variables: str | None,
    ) -> "subprocess.CompletedProcess[str]":
        changed = {name: value for name, value in {**environment, **variables}.items() if value is not None}
        command = [python, "-m", module, *arguments]
        done = warm_python.run(command, cwd=folder, env=changed, input=input, fresh=fresh, timeout=TIMEOUT)
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def runs(folder: Path, pluto_server: Running, request: pytest.FixtureRequest) -> Runs:
    """Makes run folders, and looks up what of them is on the server; the project is the test's own."""
    return Runs(folder / "wandb", pluto_server, request.node.name.replace("[", "-").replace("]", "")[:100])


@pytest.fixture
def unreachable() -> dict[str, str]:
    """Variables that point to a server that is not there."""
    return {f"PLUTO_URL_{name}": "http://127.0.0.1:9" for name in ("APP", "API", "INGEST", "PY")}

"""Sweeps of a user with a separate home, searched by agents in fresh interpreters."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Running
from tests.helpers import warm_python
from wandb._native.sweeps import trial_log

Start = Callable[..., "subprocess.Popen[str]"]
Script = Callable[..., str]


@pytest.fixture
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of sweeps, for this process and those that it starts."""
    monkeypatch.setenv("PLUTO_DIR", str(tmp_path / "pluto"))
    return trial_log.sweeps_dir()


@pytest.fixture
def environment(clean_environment: dict[str, str], sweeps: Path) -> dict[str, str]:
    """The variables of the processes: offline, with the folder of sweeps."""
    environment = {**clean_environment, "PLUTO_DIR": str(sweeps.parent), "DISABLE_WANDB_LOGGING": "true"}
    environment.setdefault("WANDB_MODE", "offline")
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"  # programs run `python`
    return environment


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Start:
    """Start a Python process in the test's folder, offline unless `variables` say otherwise."""

    def start(*words: str, **variables: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=tmp_path,
            env={**environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Script:
    """Run a script or a module to its end, which must be a good one; return what it has printed."""

    def run(*words: str, script: str | None = None, code: int = 0, **variables: str) -> str:
        command = [sys.executable, *(("-c", textwrap.dedent(script)) if script else words)]
        done = warm_python.run(command, cwd=tmp_path, env={**environment, **variables})
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def online(pluto_server: Running) -> dict[str, str]:
    """Variables that let a script reach the server."""
    return {**pluto_server.environment(), "WANDB_MODE": "online"}

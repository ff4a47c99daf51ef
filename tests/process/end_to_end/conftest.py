"""Runs scripts as a user does, in pluto mode, against the embedded server."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import warm_python
from tests.helpers.server_state import Script, Server
from wandb_compat.server.limits import Limits
from wandb_compat.server.serve import Running, running

# Like a real server: it acknowledges first, stores a second later, forgets the rest at a restart, and keeps doubles.
LIKE_THE_REAL_ONE = Limits(storage_delay=1.0, keep_duplicates=1)


@pytest.fixture(scope="session")
def pluto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An embedded server that stores late, for the tests of this directory.

    The others have one that stores at once: they seed data to read, or put a server that forgets on demand in between.
    """
    with running(tmp_path_factory.mktemp("late") / "data", limits=LIKE_THE_REAL_ONE) as server:
        yield server


@pytest.fixture
def server(pluto_server: Any) -> Server:
    """The session's server."""
    return Server(pluto_server.url, pluto_server.key, delayed=pluto_server.limits.storage_delay > 0)


@pytest.fixture
def project(request: pytest.FixtureRequest) -> str:
    """A project that no other test uses."""
    return request.node.name.replace("[", "-").replace("]", "")[:120]


@pytest.fixture
def environment(tmp_path: Path, pluto_server: Any, project: str) -> dict[str, str]:
    """The environment of a script: a separate home, pluto mode, the server's URLs and key."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "PLUTO_", "DISABLE_"))}
    return {
        **kept,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "PLUTO_DISABLE_TELEMETRY": "1",
        "DISABLE_WANDB_LOGGING": "true",
        "WANDB_PROJECT": project,
        "WANDB_COMPAT_LINGER": "0",
        **pluto_server.environment(),
    }


@pytest.fixture
def script(tmp_path: Path, environment: dict[str, str]) -> Iterator[Script]:
    """Runs a script's text in a separate folder and returns the finished process."""

    def run(
        text: str, *, code: int | None = 0, folder: str = "work", seconds: float = 120, **changes: str
    ) -> "subprocess.CompletedProcess[str]":
        home = tmp_path / folder
        home.mkdir(exist_ok=True)
        (home / "train.py").write_text(textwrap.dedent(text))
        command, preload = [sys.executable, "train.py"], ("numpy",) if "numpy" in text else ()
        done = warm_python.run(command, cwd=home, env={**environment, **changes}, timeout=seconds, preload=preload)
        assert code is None or done.returncode == code, done.stderr
        return done

    yield run

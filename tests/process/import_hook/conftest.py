"""Makes an environment once for each list of things installed in it."""

import os
import re
from pathlib import Path

import pytest
from filelock import FileLock

from tests.helpers.environments import Environment, Environments


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that the workers of a parallel test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "environments"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def environment(shared_folder: Path, wheel: Path) -> Environments:
    """Gives the environment with these things installed in this order; not to be changed by a test."""

    def get(*things: str) -> Environment:
        name = re.sub(r"\W+", "-", " ".join(things)) or "empty"
        made = Environment(shared_folder / name, wheel)
        with FileLock(shared_folder / f"{name}.lock"):
            if not (made.folder / "ready").exists():
                made.create()
                made.install(*things)
                (made.folder / "ready").touch()
        return made

    return get


@pytest.fixture
def fresh_environment(tmp_path: Path, wheel: Path) -> Environment:
    """An empty environment of the test's own."""
    made = Environment(tmp_path / "environment", wheel)
    made.create()
    return made

"""Builds the wheel once for all frameworks."""

import os
from pathlib import Path

import pytest
from filelock import FileLock

from tests.swap.environments import ROOT, uv


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this repository."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "frameworks"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "wheel.lock"):
        if not list(folder.glob("*.whl")):
            uv("build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built

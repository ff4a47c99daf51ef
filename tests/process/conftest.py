"""What tests with real processes share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.helpers.environments import ROOT, uv
from tests.helpers.fault_proxy import FaultProxy
from wandb_compat.server.serve import Running

NEEDED = (
    "wandb==0.31.0",
    "boto3",
    "google-cloud-storage",
    "numpy",
    "orjson",
    "pandas",
    "pillow",
    "scikit-learn",
    "soundfile",
)


@pytest.fixture
def proxy(pluto_server: Running) -> Iterator[FaultProxy]:
    """A proxy in front of the session's server."""
    made = FaultProxy(pluto_server.url)
    yield made
    made.fault = None
    made.shut()


@pytest.fixture(scope="session")
def real_python() -> Path:
    """A Python that has the real wandb and what its values and references need, and nothing of ours.

    Kept between test runs.
    """
    version = "{}.{}".format(*sys.version_info)
    folder = ROOT / ".cache" / "tests" / f"real-wandb-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with FileLock(f"{folder}.lock"):
        ready = folder / "ready"
        if not ready.exists() or ready.read_text() != repr(NEEDED):
            uv("venv", "--quiet", "--clear", "--python", sys.executable, folder)
            uv("pip", "install", "--quiet", "--python", python, *NEEDED)
            ready.write_text(repr(NEEDED))
    return python

"""The real wandb in a separate environment, kept between test runs."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from filelock import FileLock

from tests.helpers.environments import ROOT
from tests.process.end_to_end.conftest import environment, project, script, server  # noqa: F401 # fixtures

NEEDED = (
    "wandb==0.31.0",
    "boto3",
    "google-cloud-storage",
    "numpy",
    "orjson",
    "pandas",
    "pillow",
    "scikit-learn",
)


@pytest.fixture(scope="session")
def real_python() -> Path:
    """A Python that has the real wandb and what its values and references need, and nothing of ours."""
    version = "{}.{}".format(*sys.version_info)
    folder = ROOT / ".cache" / "tests" / f"real-for-tables-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    uv = Path(sysconfig.get_path("scripts"), "uv")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with FileLock(f"{folder}.lock"):
        ready = folder / "ready"
        if not ready.exists() or ready.read_text() != repr(NEEDED):
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
            subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *NEEDED], check=True)
            ready.write_text(repr(NEEDED))
    return python

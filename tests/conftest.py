"""What tests of every part share: a real Pluto server and an environment that leaks nothing in or out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.helpers.environments import ROOT, uv
from wandb_compat.server.serve import Running, running

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a shell's background; scripts under test would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)  # of an extension that not every environment has
def pytest_xdist_auto_num_workers() -> int:
    """Return how many tests run at once: they wait for processes, servers and clocks a good part of their time."""
    return max(2, (os.cpu_count() or 2) * 3 // 2)


# What these files test takes seconds to load: one worker does so for all of them.
LARGE_LIBRARIES = (
    "tests/process/convert/test_media_tensors.py",
    "tests/unit/integrations/",
    "tests/unit/run/test_native_surface.py",
    "tests/unit/run/test_native_watch.py",
    "tests/unit/surface/",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return the schedule of `--dist loadfile`, but with the files of the large libraries as one."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Schedule(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "large libraries" if nodeid.startswith(LARGE_LIBRARIES) else super()._split_scope(nodeid)

    return Schedule(config, log)


if find_spec("hypothesis") is not None:  # which an environment for one framework lacks
    from hypothesis import HealthCheck, settings

    # Nothing about time, since the machine may be busy. A fixture made once for all examples is known and meant.
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    settings.register_profile("busy machine", deadline=None, suppress_health_check=checks)
    settings.load_profile("busy machine")

LEAKING = ("WANDB_", "PLUTO_", "MLOP_", "XDG_", "DISABLE_", "RANK", "LOCAL_RANK", "WORLD_SIZE", "SLURM_")


@pytest.fixture(scope="session")
def pluto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The embedded Pluto server in a separate process, one for the whole session: give each test its own project."""
    with running(tmp_path_factory.mktemp("pluto") / "data") as server:
        yield server


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this repository, built once, also when several workers share a session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheel"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not list(folder.glob("*.whl")):
            uv("build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def clean_environment(tmp_path: Path) -> dict[str, str]:
    """An environment for subprocesses with a fresh home and no variable of Pluto or wandb.

    Add `pluto_server.environment()` to let the subprocess find the server.
    """
    home = tmp_path / "home"
    home.mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(LEAKING) and not name.lower().endswith("_proxy")
    }
    return {
        **kept,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "NO_PROXY": "127.0.0.1,localhost",
        "PLUTO_DISABLE_TELEMETRY": "1",
    }


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that has the packages of this one but reads none of their start-up files.

    An editable install is made by such a file: our own packages are there only with the checkout on `PYTHONPATH`.
    """
    home = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    # A folder that such a file adds is searched for modules, and not for further start-up files.
    (packages / "paths.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    return str(home / "bin" / "python")

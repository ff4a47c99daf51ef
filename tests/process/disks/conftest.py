"""Disks with the manners of other systems, for real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.environments import ROOT
from tests.process.end_to_end.conftest import environment, project, server

__all__ = ["environment", "project", "server"]

# What a disk of each kind refuses, as far as FUSE can show it.
MANNERS = {
    "windows": ("ignores-case", "windows-names", "shares-nothing", "no-links", "no-modes", "coarse-times"),
    "macos": ("ignores-case",),
    "hfs": ("ignores-case", "decomposes"),
    "exfat": ("ignores-case", "windows-names", "no-links", "no-modes", "coarse-times"),
    "cifs": ("no-links", "no-modes"),
    "fuse": ("zero-links",),
}
# A start-up file that makes `flock` fail: FUSE cannot refuse it. ENOLCK as NFS without a lock daemon, ENOSYS as Lustre.
WITHOUT_LOCKS = """
import errno, fcntl, os
def flock(descriptor, operation):
    raise OSError(errno.{error}, os.strerror(errno.{error}))
fcntl.flock = flock
"""


def missing() -> str | None:
    """Return why no disk can be mounted here, or None."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK) or shutil.which("fusermount") is None:
        return "FUSE is not available: /dev/fuse and fusermount are needed"
    try:
        import fuse  # noqa: F401
    except (ImportError, OSError) as error:
        return f"FUSE is not available: {error}"
    return None


@contextmanager
def mounted(folder: Path, *manners: str) -> Iterator[Path]:
    """Mount a disk, and unmount it in the end.

    Args:
        folder: where the disk's files are, and its mount point.
        manners: see `tests.helpers.foreign_disk`.
    """
    files, point = folder / "files", folder / "disk"
    files.mkdir(parents=True)
    point.mkdir()
    command = [sys.executable, "-m", "tests.helpers.foreign_disk", str(files), str(point), *manners]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not os.path.ismount(point):
                if process.poll() is not None:
                    assert process.stderr is not None
                    pytest.skip(f"FUSE is not available: {process.stderr.read()}")
                time.sleep(0.01)
            yield point
        finally:
            subprocess.run(["fusermount", "-u", "-z", str(point)], check=False)
            process.terminate()


# The others refuse less than one of these: `make faults` tries them too.
COMMON = ["enolck", "windows", "fuse"]
KINDS = ["enolck", "enosys", *MANNERS] if "WANDB_COMPAT_FAULT_ROUNDS" in os.environ else COMMON


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]) -> Iterator[Path]:
    """A directory on each kind of disk; processes with `environment` notice its manners."""
    if request.param not in MANNERS:
        startup = tmp_path / "startup"
        startup.mkdir()
        (startup / "sitecustomize.py").write_text(WITHOUT_LOCKS.format(error=request.param.upper()))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(startup), environment.get("PYTHONPATH"))))
        (tmp_path / "disk").mkdir()
        yield tmp_path / "disk"
    elif (reason := missing()) is not None:
        pytest.skip(reason)
    else:
        with mounted(tmp_path / "mounted", *MANNERS[request.param]) as point:
            yield point

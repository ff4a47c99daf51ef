"""A pytest plugin that takes away what Windows lacks: `pytest -p tests.helpers.windows_like tests/unit`.

Python and libraries ask for the system that they run on, so those that need more are imported first.
"""

import asyncio
import errno
import multiprocessing.popen_fork
import os
import re
import signal
import subprocess
import sys
import traceback
import uuid
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import _pytest.tmpdir
import keyring.backends
import platformdirs
import psutil
import pytest
import requests
import uvicorn

WRITTEN_FOR_THIS_SYSTEM = (
    asyncio,
    keyring.backends,
    multiprocessing.popen_fork,
    platformdirs,
    psutil,
    requests,
    uuid,
    uvicorn,
)
MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
FUNCTIONS = (
    *("fork", "forkpty", "getegid", "geteuid", "getgid", "getuid", "killpg", "mkfifo", "openpty", "pread", "pwrite"),
    *("register_at_fork", "setpgrp", "setsid", "statvfs", "O_DIRECTORY"),
)
SIGNALS = ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2")
PRIVILEGE = "a required privilege is not held by the client"
GONE = re.compile(
    rf"{PRIVILEGE}|import of ({'|'.join(MODULES)}) halted|has no attribute '({'|'.join(FUNCTIONS + SIGNALS)})'"
)
ROOT = Path(__file__).parents[2]
DIFFERENT = {
    "test_the_folder_is_laid_out_as_wandb_does": "Windows has no `latest-run`",
    "test_doctor_looks_at_the_disk": "the disk has no links",
}


def refuse(*args: Any, **kwargs: Any) -> None:
    """Fail as links do without a privilege."""
    raise OSError(errno.EPERM, PRIVILEGE)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Take away everything once pytest's other plugins are loaded, and before anything of this project is."""
    for module in MODULES:
        sys.modules[module] = None  # type: ignore[assignment] # importing it raises ImportError
    for function in FUNCTIONS:
        if hasattr(os, function):
            delattr(os, function)
    subprocess.signal = SimpleNamespace(**vars(signal))  # type: ignore[attr-defined] # Popen.kill needs no SIGKILL there
    for name in SIGNALS:
        delattr(signal, name)
    os.symlink = Path.symlink_to = refuse  # type: ignore[assignment,method-assign]
    _pytest.tmpdir.get_user_id = lambda: None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Any:
    """Skip a test whose fixtures need what is gone, or that expects what is different on Windows."""
    if item.name in DIFFERENT:
        pytest.skip(DIFFERENT[item.name])
    return (yield from skipped_where_needed())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """Skip a test that itself needs what is gone."""
    return (yield from skipped_where_needed())


def skipped_where_needed() -> Generator[None, Any, Any]:
    """Skip where something that is gone is missing, unless this project's code has asked for it: that is a fault."""
    try:
        return (yield)
    except (AttributeError, ImportError, OSError) as error:
        if not GONE.search(str(error)) or any(map(is_ours, traceback.extract_tb(error.__traceback__))):
            raise
        pytest.skip(f"needs what Windows lacks: {error}")


def is_ours(frame: traceback.FrameSummary) -> bool:
    """Whether a frame is of the code under test."""
    return any(Path(frame.filename).is_relative_to(ROOT / package) for package in ("wandb", "wandb_compat"))

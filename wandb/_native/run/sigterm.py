"""What SIGTERM does to active runs: they end, their last rows are sent, and the process dies as it would.

Schedulers end jobs so: spot machines that are reclaimed, Kubernetes, Slurm. A handler of the script's own is left
alone, and one that replaces ours later has it to itself.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

from wandb._native.types import Run
from wandb_compat.spool.records import TERMINATED

BUDGET = 10.0  # seconds for the last rows: a third of what Kubernetes and Slurm grant before they kill


_own_runs: Callable[[], Sequence[Run]] = list


def install(own_runs: Callable[[], Sequence[Run]]) -> None:
    """Handle SIGTERM unless the script does; only the main thread can.

    Args:
        own_runs: returns the active runs that this process began.
    """
    global _own_runs
    _own_runs = own_runs
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def _terminated(number: int, frame: FrameType | None) -> None:
    if signal.getsignal(number) is not _terminated:
        return  # called by a handler that has come after ours and exits in another way
    # What the main thread was about when the signal came may hold a lock that the end of a run needs.
    # Nor may the last resort need one: `threading` starts its threads under locks.
    try:
        with contextlib.suppress(RuntimeError):  # no more threads
            _thread.start_new_thread(_exit_later, ())
        for run in _own_runs():
            with contextlib.suppress(Exception):
                run._hurry(BUDGET)
                run.finish(TERMINATED)
    finally:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _exit_later() -> None:
    time.sleep(BUDGET * 1.5)
    os._exit(TERMINATED)


def _after_fork_in_child() -> None:
    """Let a forked child die at once, as pools of processes expect of it."""
    if signal.getsignal(signal.SIGTERM) is _terminated:
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

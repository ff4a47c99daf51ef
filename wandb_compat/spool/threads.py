"""Daemon threads whose exceptions go to anyone who started them instead of being printed into the script's output."""

from __future__ import annotations

import threading
from collections.abc import Callable


def python_is_ending() -> bool:
    """Return whether the interpreter is ending: handlers of `atexit` run, and Python 3.12 and later start no thread."""
    return not threading.main_thread().is_alive()


def start(name: str, work: Callable[[], object], failed: Callable[[Exception], object]) -> threading.Thread | None:
    """Start a daemon thread and return it; None if the system grants no more threads, or the interpreter is ending.

    Args:
        name: purpose; the thread is called `wandb-compat-NAME`.
        work: runs in the thread.
        failed: called in the thread with the exception that `work` has raised, if any.
    """

    def guarded() -> None:
        try:
            work()
        except Exception as error:
            failed(error)

    thread = threading.Thread(target=guarded, name=f"wandb-compat-{name}", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread

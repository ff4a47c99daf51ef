"""Threads on Pluto's side: what goes wrong in one is told to whoever began it and never printed into the script."""

from __future__ import annotations

import threading
from collections.abc import Callable


def start(name: str, work: Callable[[], object], failed: Callable[[Exception], object]) -> threading.Thread | None:
    """Start a daemon thread and return it; None if the machine grants no more, or the interpreter is ending.

    Args:
        name: what it is for; the thread's name is `wandb-compat-NAME`.
        work: what it does.
        failed: called in the thread with what `work` has raised, if so.
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

"""Explains why a child process of `multiprocessing` has no current run."""

from __future__ import annotations

import sys


def hint() -> str:
    """Return what to do in a process that was spawned and so has not inherited its parent's run, otherwise ""."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is None or multiprocessing.parent_process() is None:
        return ""
    method = multiprocessing.get_start_method(allow_none=True)
    if method not in ("spawn", "forkserver"):
        return ""
    return (
        f". This process was started by multiprocessing with the start method {method!r}, which does not inherit the"
        " run of its parent: pass the run to it as an argument, or call wandb.attach(run_id) in it"
    )

"""Active runs of this process: finishes them at exit, and prepares them after a fork."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import weakref
from typing import TYPE_CHECKING

from wandb._native.run import sigterm
from wandb._native.run.exit_code import ExitWatch

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run

watch = ExitWatch()
_active: list[Run] = []  # in the order in which they began
_known: weakref.WeakValueDictionary[str, Run] = weakref.WeakValueDictionary()  # by attach id, finished ones too


def add(run: Run) -> None:
    """Add a run that begins; the first one installs the exit and signal handlers."""
    if not watch.installed:
        atexit.register(_finish_at_exit)
    watch.install()
    if latest() is None:
        watch.code = 0  # a `sys.exit` that was caught before, as by a test of a command, is not of this run
    sigterm.install(mine)
    _active.append(run)
    know(run)


def know(run: Run) -> None:
    """Make a run findable by its attach id; it is not finished at exit."""
    _known[run._attach_id] = run


def visit(run: Run) -> None:
    """Publish at the end of this process, which shares a run, its part of the run's summary."""
    from multiprocessing.util import Finalize  # also runs in children of multiprocessing, which skip `atexit`

    def leave() -> None:
        if not run._is_finished:
            run._summary_publisher.publish()

    Finalize(None, leave, exitpriority=0)


def remove(run: Run) -> None:
    """Remove a run that ends."""
    if run in _active:
        _active.remove(run)


def latest() -> Run | None:
    """Return the active run of this process that began last; a forked child begins its own."""
    return next(iter(mine()), None)


def find(attach_id: str) -> Run | None:
    """Return a run of this process, or of the one that it was forked from."""
    return _known.get(attach_id)


def finish_all(exit_code: int | None = None) -> None:
    """Finish every active run, the last one first."""
    for run in reversed(_active):
        run.finish(exit_code)


def mine() -> list[Run]:
    """Return the active runs that this process, and not its parent, has begun, the last one first."""
    return [run for run in reversed(_active) if run._init_pid == os.getpid()]


def _finish_at_exit() -> None:
    for run in mine():
        run.finish(watch.code)


def share_steps(run: Run, *, joins: bool = False) -> None:
    """Count the steps of a run together with other processes; where that fails, each process counts alone.

    Args:
        run: the run.
        joins: whether another process has begun the run.
    """
    if run._pipeline is not None and not run._is_finished:
        with contextlib.suppress(OSError, ValueError):
            run._history.share(run._pipeline.run_dir, joins=joins)


def _before_fork() -> None:
    for run in mine():
        share_steps(run)


def _after_fork_in_child() -> None:
    for run in _active:
        run._history.after_fork()
        share_steps(run, joins=True)
        if (processes := sys.modules.get("multiprocessing.util")) is not None:
            processes.register_after_fork(run, visit)  # later: a child of multiprocessing forgets its finalizers first


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)

"""The step of a run to which several processes log, counted by all of them together as wandb's service does it."""

from __future__ import annotations

import mmap
import threading
from pathlib import Path
from typing import Protocol

from wandb_compat.config.limits import STEP_LOCK_TIMEOUT
from wandb_compat.system.locks import FileLock  # before the fork: a signal handler could find it imported in part

FILE = "step"  # in the run directory: a memory-mapped page that the processes share
_STEP, _JOINED = 0, 1  # numbers in the page: step of the next row, and whether a second process has logged
_SIZE = 16  # bytes


class Counter(Protocol):
    """Counts the steps of one process; `step` is that of the next row."""

    step: int


class SharedStep:
    """A lock around the step of a run: while it is held, the counter has the step of all processes.

    Until a second process logs, it only writes the step to the page.
    """

    def __init__(self, counter: Counter, run_dir: Path, *, joins: bool = False) -> None:
        """Begin to share.

        Args:
            counter: has the step of all processes while the lock is held.
            run_dir: the run directory.
            joins: whether another process has begun the run.
        """
        with (run_dir / FILE).open("a+b") as file:
            file.truncate(_SIZE)
            self._page = memoryview(mmap.mmap(file.fileno(), _SIZE)).cast("q")
        self._counter = counter
        self._joins = joins
        self._patience = STEP_LOCK_TIMEOUT
        self._threads = threading.RLock()
        self._lock_file = run_dir / f"{FILE}.lock"
        self._processes: FileLock | None = None
        self._depth = 0  # nested uses by one thread: a signal handler that logs interrupts one at any point
        self._is_held = False  # whether the outermost use has the lock between the processes
        self._write_step()

    def __enter__(self) -> None:
        self._threads.acquire()
        self._depth += 1
        try:
            if self._joins:
                self._page[_JOINED] = 1
            if self._depth == 1 and self._page[_JOINED]:
                self._is_held = self._acquire()
            self._counter.step = max(self._counter.step, self._page[_STEP])
        except BaseException:
            self._depth -= 1
            self._threads.release()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            self._write_step()
            if self._depth == 1 and self._is_held and self._processes is not None:
                self._is_held = False
                self._processes.release()
        finally:
            self._depth -= 1
            self._threads.release()

    def _write_step(self) -> None:
        self._page[_STEP] = max(self._counter.step, self._page[_STEP])

    def _acquire(self) -> bool:
        if self._processes is None:
            self._processes = FileLock(self._lock_file)
        try:
            self._processes.acquire(timeout=self._patience, poll_interval=0.001)
        except OSError:  # a stopped process holds it, or the directory is read-only
            self._patience = 0.0
            return False
        return True

"""The step of a run to which several processes log: as wandb's service does, their mirrors count it together."""

from __future__ import annotations

import mmap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wandb_compat.config.limits import STEP_LOCK_TIMEOUT

if TYPE_CHECKING:
    import filelock

FILE = "step"  # in the mirror's run folder: a page of memory that the processes share
_STEP, _JOINED = 0, 1  # numbers in the page: step of the next row, and whether a second process has logged
_SIZE = 16  # bytes


class Counter(Protocol):
    """Who counts the steps in one process: `step` is that of the next row."""

    step: int


class SharedStep:
    """The lock of a mirror of whose run other processes know: whoever holds it has the step of all of them.

    Until one of the others logs, it only notes the step for them.
    """

    def __init__(self, counter: Counter, home: Path, *, joins: bool = False) -> None:
        """Begin to share.

        Args:
            counter: has the step of all processes while the lock is held.
            home: the mirror's run folder.
            joins: whether it was another process that began the run.
        """
        with (home / FILE).open("a+b") as file:
            file.truncate(_SIZE)
            self._page = memoryview(mmap.mmap(file.fileno(), _SIZE)).cast("q")
        self._counter = counter
        self._joins = joins
        self._patience = STEP_LOCK_TIMEOUT
        self._threads = threading.RLock()
        self._lock_file = home / f"{FILE}.lock"
        self._processes: filelock.BaseFileLock | None = None
        self._taken: list[bool] = []  # whether the processes' lock was to be had, once for each time that this is held
        self._note()

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if self._joins:
                self._page[_JOINED] = 1
            self._taken.append(bool(self._page[_JOINED]) and self._take())
            self._counter.step = max(self._counter.step, self._page[_STEP])
        except BaseException:
            self._threads.release()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            self._note()
            if self._taken.pop() and self._processes is not None:
                self._processes.release()
        finally:
            self._threads.release()

    def _note(self) -> None:
        self._page[_STEP] = max(self._counter.step, self._page[_STEP])

    def _take(self) -> bool:
        import filelock  # late: few runs get here

        if self._processes is None:
            self._processes = filelock.FileLock(self._lock_file, thread_local=False)
        try:
            self._processes.acquire(timeout=self._patience, poll_interval=0.001)
        except (filelock.Timeout, OSError):  # a process that was stopped has it, or the folder cannot be written to
            self._patience = 0.0
            return False
        return True

"""Encodes images and other expensive values in a background thread, so that no caller waits for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from wandb_compat.config.limits import SNAPSHOT_LIMIT
from wandb_compat.convert.deferred import DeferredRecords
from wandb_compat.spool import records, threads
from wandb_compat.spool.notifier import Notifier


class Encoder:
    """Encodes the deferred values of one run."""

    def __init__(self, put: Callable[[records.Record], None], notifier: Notifier) -> None:
        """Prepare.

        Args:
            put: takes the records, from any thread.
            notifier: warns of values that cannot be encoded.
        """
        self._put = put
        self._notifier = notifier
        self.after_fork()

    def after_fork(self) -> None:
        """Begin anew in a child: what was waiting is the parent's to encode."""
        self._lock = threading.RLock()  # re-entrant: a signal handler may log while the thread that it interrupted does
        self._waiting: deque[DeferredRecords] = deque()
        self._arrived = threading.Condition(self._lock)
        self._size = 0  # bytes of the snapshots that wait
        self._unmade = 0  # values that wait, and the one that is being made
        self._thread: threading.Thread | None = None
        self._ended = False

    def take(self, later: DeferredRecords, *, now: bool = False) -> None:
        """Take a value; with `now`, or when too many wait already, its records are made before this returns."""
        with self._lock:
            now = now or self._ended or 0 < self._size > SNAPSHOT_LIMIT - later.size
            if not now and self._awake():
                self._size += later.size
                self._unmade += 1
                self._waiting.append(later)
                self._arrived.notify()
                return
        self._make(later)

    def finish(self, patience: float | None = None) -> int:
        """Wait until everything has been made, `patience` seconds at most; return how many values have not."""
        with self._lock:
            self._ended = True
            self._arrived.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(patience)
        return self._unmade

    def _awake(self) -> bool:
        if self._thread is None:
            self._thread = threads.start("encoder", self._run, self._failed)
        return self._thread is not None

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._waiting:
                    if self._ended:
                        return
                    self._arrived.wait()
                later = self._waiting.popleft()
            self._make(later)
            with self._lock:
                self._size -= later.size
                self._unmade -= 1
            del later  # or the snapshot would stay until the next one comes

    def _failed(self, error: Exception) -> None:
        self._notifier.warning(f"wandb.log: media can no longer be encoded: {error}", once="encoder")

    def _make(self, later: DeferredRecords) -> None:
        try:
            for record in later.make():
                self._put(record)
        except Exception as error:
            self._notifier.warning(
                f"wandb.log: the value of {later.name!r} could not be encoded and is left out:"
                f" {type(error).__name__}: {error}",
                once=f"encoding {later.name}",
            )

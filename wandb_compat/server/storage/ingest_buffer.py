"""Writes that were acknowledged and are stored some seconds later, as the real ingest service does."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable

Write = Callable[[sqlite3.Connection], None]


class IngestBuffer:
    """Holds acknowledged writes in memory until they are due; a restart forgets them.

    Args:
        delay: seconds that a write waits.
        clock: returns seconds.
    """

    def __init__(self, delay: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.delay = delay
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: deque[tuple[float, Write]] = deque()

    def add(self, write: Write) -> None:
        """Hold a write until it is due."""
        with self._lock:
            self._pending.append((self._clock() + self.delay, write))

    def take_due(self) -> list[Write]:
        """Return the writes that are due, in the order of their arrival."""
        now, due = self._clock(), []
        with self._lock:
            while self._pending and self._pending[0][0] <= now:
                due.append(self._pending.popleft()[1])
        return due

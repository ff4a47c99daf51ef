"""How long something took."""

from __future__ import annotations

import time
from types import TracebackType


class Timer:
    """A context manager that knows its time: `start_time` in seconds since the epoch, `elapsed` in seconds."""

    def __init__(self) -> None:
        self.start_time: float = time.time()
        self.start: float = time.perf_counter()
        self.stop: float = self.start

    def __enter__(self) -> Timer:
        self.start_time = time.time()
        self.start = self.stop = time.perf_counter()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self.stop = time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Seconds from the beginning to the end of the block."""
        return self.stop - self.start

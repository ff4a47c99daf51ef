"""Exponential back-off with jitter between the attempts of one part of the uploader."""

from __future__ import annotations

import random
from time import monotonic

from wandb_compat.config.limits import BACKOFF


class Backoff:
    """Waits between attempts: doubling, jittered, without a last attempt."""

    def __init__(self) -> None:
        self._failures = 0
        self._due = self._requested = 0.0

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._failures > 0

    def ready(self) -> bool:
        """Whether it is time for the next attempt."""
        return monotonic() >= self._due

    def failed(self, requested: float | None = None) -> None:
        """Note a failure; `requested` is the pause that the server asked for, in seconds."""
        first, last = BACKOFF
        pause = min(first * 2**self._failures, last) * random.uniform(0.5, 1)
        self._failures = min(self._failures + 1, 16)
        self._requested = monotonic() + (requested or 0)
        self._due = max(monotonic() + pause, self._requested)

    def postpone(self, pause: float) -> None:
        """Let the next attempt happen so many seconds later, without a failure."""
        self._due = monotonic() + pause

    def retry_now(self) -> None:
        """Let the next attempt happen at once, unless the server asked for a pause, and further ones soon."""
        self._failures, self._due = min(self._failures, 1), self._requested

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failures, self._due, self._requested = 0, 0.0, 0.0

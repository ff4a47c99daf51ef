"""Decides when a lane sends what it has collected: few large requests are kinder to a server than many small ones."""

from __future__ import annotations

from time import monotonic

from wandb_compat.config.limits import SAMPLES_INTERVAL, SEND_INTERVALS


class Pace:
    """Sends at once after a pause, then at intervals that double up to the longest, until `hurry` is called.

    A server stores what it receives every few seconds, so the wait costs hardly any reader anything.
    """

    def __init__(self) -> None:
        self._interval, self._longest = SEND_INTERVALS
        self._sent: float | None = None  # by `monotonic`
        self._hurried = False

    def remaining(self, *, samples_only: bool = False) -> float:
        """Return in how many seconds something may be sent, 0 for now.

        Args:
            samples_only: whether only system metrics wait; of an idle run they are sent less often.
        """
        if self._hurried or self._sent is None:
            return 0.0
        interval = max(self._interval, SAMPLES_INTERVAL) if samples_only else self._interval
        return max(0.0, self._sent + interval - monotonic())

    def sent(self) -> None:
        """Note that something was sent."""
        if self._sent is not None:
            self._interval = min(2 * self._interval, self._longest)
        self._sent = monotonic()

    def hurry(self) -> None:
        """Send everything at once from now on: the run ends."""
        self._hurried = True

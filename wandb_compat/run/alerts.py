"""Alerts of a run, rate limited by title."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import inf
from time import time

from wandb_compat.config.limits import ALERT_PAUSE
from wandb_compat.spool import records


class Alerts:
    """The alerts of one run."""

    def __init__(self) -> None:
        self._sent: dict[str, float] = {}  # when, in seconds since the epoch, by title

    def send(
        self,
        submit: Callable[[records.Record], None],
        title: str,
        text: str,
        level: str,
        wait_duration: float | timedelta | None,
    ) -> None:
        """Send an alert unless one of that title was sent within `wait_duration` seconds, by default ALERT_PAUSE."""
        wait = wait_duration or ALERT_PAUSE  # 0 too, as wandb has it
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        now = time()
        if now - self._sent.get(title, -inf) >= seconds:
            self._sent[title] = now
            submit(records.Alert(int(now * 1000), str(title), str(text), level))

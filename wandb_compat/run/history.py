"""Gives every logged row its step and its time, and keeps the summary current."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Mapping
from time import time
from typing import Any

from wandb.errors.term import termwarn
from wandb_compat.config.limits import HIGHEST_STEP, SUMMARY_INTERVAL
from wandb_compat.convert.numbers import NUMBER_TYPES
from wandb_compat.convert.summary import update_summary
from wandb_compat.run.metric_definitions import MetricRules

TakeRow = Callable[[Mapping[str, Any], int, int], Mapping[str, Any]]


class History:
    """The rows of one run.

    A row goes out at once. Rows of one step are one row to the reader: the server merges them by key, the newest time
    wins, and so no two rows at one step get the same time.
    """

    __slots__ = (
        "_due",
        "_last",
        "_newest",
        "_publish",
        "_row",
        "_said",
        "_time",
        "_top",
        "items",
        "lock",
        "rules",
        "start",
        "step",
    )

    def __init__(self, row: TakeRow, publish: Callable[[], None], first_step: int = 0) -> None:
        """Begin at `first_step`.

        Args:
            row: takes (data, step, time in ms) and returns the plain values for the summary.
            publish: called every SUMMARY_INTERVAL while rows come in.
            first_step: the step of the first row.
        """
        self.step = first_step  # of the next row without a step of its own
        self.start = time()
        self.items: dict[str, Any] = {}  # the summary's values
        # Re-entrant: a signal handler may log while the thread that it interrupted does.
        self.lock = threading.RLock()
        self.rules: MetricRules | None = None  # once a metric has been defined
        self._row = row
        self._publish = publish
        self._time = 0  # of the last row, ms
        self._newest = 0  # time of any row, ms
        self._last = first_step  # step of the last row
        self._top = first_step - 1  # highest step that has a row
        self._said: set[str] = set()
        self._due = int((self.start + SUMMARY_INTERVAL) * 1000)

    def add(self, data: Mapping[str, Any], step: Any = None, commit: bool | None = None) -> None:
        """Log one row; see `Run.log`.

        Raises:
            TypeError: `data` is no mapping, a key is no string, or `step` no integer.
        """
        if type(data) is not dict and not isinstance(data, Mapping):
            raise TypeError("wandb.log must be passed a dictionary")
        with self.lock:
            current = self.step
            if step is None:
                at = current
                following = current + 1 if commit is None or commit else current
            else:
                at = step if type(step) is int and current <= step <= HIGHEST_STEP else self._place(step)
                following = at + 1 if commit else at
            now = int(time() * 1000)
            if at <= self._top and now <= self._newest:
                now = self._newest + 1
            if self.rules is not None:
                data = self.rules.complete(data)
            values = self._row(data, at, now) if data else data
            if following > current:
                self.step = following
            if at > self._top:
                self._top = at
            if now > self._newest:
                self._newest = now
            self._time = now
            self._last = at
            if values is data or (values.keys() == data.keys() and NUMBER_TYPES.issuperset(map(type, values.values()))):
                self.items.update(values)
            else:
                update_summary(data, values, self.items)
            if self.rules is not None:
                self.rules.apply(values, self.items)
            if now >= self._due:
                self._due = now + int(SUMMARY_INTERVAL * 1000)
                self._publish()

    def _place(self, step: Any) -> int:
        """Return the step at which a row with an unusual `step` is kept; no step loses a row."""
        try:
            if isinstance(step, bool):
                raise TypeError
            asked = int(step) if isinstance(step, float) and step.is_integer() else operator.index(step)
        except TypeError:
            raise TypeError(f"wandb.log: step must be an integer, not {step!r} of type {type(step).__name__}") from None
        if not 0 <= asked <= HIGHEST_STEP:
            self._warn(
                "range",
                f"wandb.log: step {asked} lies outside of 0 to 2**63 - 1, which is what Pluto stores;"
                f" the row is kept at step {self.step}. Further such steps are not mentioned.",
            )
            return self.step
        if asked < self.step:
            self._warn(
                "lower",
                f"wandb.log: step {asked} is lower than the current step {self.step}. The row is kept at step {asked}"
                " (wandb would have dropped it). Further such rows are not mentioned.",
            )
        return asked

    def _warn(self, kind: str, sentence: str) -> None:
        if kind not in self._said:
            self._said.add(kind)
            termwarn(sentence)

    def clock(self) -> dict[str, Any]:
        """Return `_step`, `_runtime` (seconds) and `_timestamp` (seconds since the epoch) of the last row."""
        if not self._time:
            return {}
        timestamp = self._time / 1000
        return {"_step": self._last, "_runtime": max(0.0, timestamp - self.start), "_timestamp": timestamp}

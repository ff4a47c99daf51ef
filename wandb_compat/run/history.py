"""Decides the step and the time of every row, and keeps the summary and its publication current.

Native runs and dual mode both use `History`. They differ in what they do with a step that is lower than the current
one: wandb drops such a row (`drop_lower_steps`), a native run keeps it (`KeepLowerSteps`).
"""

from __future__ import annotations

import operator
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from math import isfinite
from pathlib import Path
from time import time
from typing import Any

from wandb_compat.config.limits import (
    HIGHEST_STEP,
    HIGHEST_TIME,
    STEP_LOCK_TIMEOUT,
    SUMMARY_CHANGE_INTERVAL,
    SUMMARY_DELAY,
    SUMMARY_INTERVAL,
)
from wandb_compat.convert.numbers import NUMBER_TYPES
from wandb_compat.convert.summary import update_summary
from wandb_compat.run.metric_definitions import MetricRules
from wandb_compat.spool.bounded import bounded
from wandb_compat.spool.notifier import Notifier

TakeRow = Callable[[Mapping[str, Any], int, int, bool], Mapping[str, Any]]
PlaceStep = Callable[[Any, int], "int | None"]


_MISSING = object()


class KeepLowerSteps:
    """Keeps a row at the step that the script asks for, also at a lower one; no step loses a row."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier

    def __call__(self, step: Any, current: int) -> int:
        """Return the step of a row.

        Args:
            step: what the script has passed.
            current: the run's current step.

        Raises:
            TypeError: `step` is not an integer.
        """
        try:
            if isinstance(step, bool):
                raise TypeError
            asked = int(step) if isinstance(step, float) and step.is_integer() else operator.index(step)
        except TypeError:
            raise TypeError(f"wandb.log: step must be an integer, not {step!r} of type {type(step).__name__}") from None
        if not 0 <= asked <= HIGHEST_STEP:
            self._notifier.warning(
                f"wandb.log: step {asked} is outside of 0 to 2**63 - 1, which is what Pluto stores;"
                f" the row is kept at step {current}. Further such steps are not mentioned.",
                once="step range",
            )
            return current
        if asked < current:
            self._notifier.warning(
                f"wandb.log: step {asked} is lower than the current step {current}. The row is kept at step {asked}"
                " (wandb would have dropped it). Further such rows are not mentioned.",
                once="lower step",
            )
        return asked


def drop_lower_steps(step: Any, current: int) -> int | None:
    """Return the step of a row as wandb decides it; None drops the row, as wandb has done."""
    return asked if (asked := int(step)) >= current else None


def _logged_time(value: Any, moment: float | None) -> float | None:
    """Return the time that a row states under `_timestamp`, in seconds since the epoch, or `moment` if it states none.

    Numbers of NumPy count too; wandb leaves anything else out.
    """
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return moment
    try:
        stated = float(value)
    except Exception:  # an array of several numbers, or an object of the script
        return moment
    return stated if isfinite(stated) and 0 <= stated <= HIGHEST_TIME else moment


class History:
    """The rows of one run.

    A row is queued at once. Rows of one step are one row to the reader: the server merges them by key, the newest time
    wins, so no two rows at one step get the same time.
    """

    __slots__ = (
        "_attached",
        "_changed",
        "_due",
        "_due_in_caller",
        "_inherited",
        "_interval",
        "_last",
        "_newest",
        "_place",
        "_publish",
        "_published",
        "_published_row",
        "_row",
        "_time",
        "_top",
        "columns",
        "floor",
        "items",
        "lock",
        "rules",
        "start",
        "step",
    )

    def __init__(self, row: TakeRow, publish: Callable[[], None], place: PlaceStep, first_step: int = 0) -> None:
        """Begin at `first_step`.

        Args:
            row: takes (data, step, time in ms, whether all values are known to be Python numbers) and returns the plain
                values for the summary.
            publish: publishes the summary.
            place: takes a step that is not an integer from the current step to HIGHEST_STEP, and the current step;
                returns the step of the row, or None to drop the row.
            first_step: the step of the first row.
        """
        self.step = first_step  # of the next row without an explicit step
        self.start = time()
        self.items: dict[str, Any] = {}  # the summary's values
        self.columns: set[str] = set()  # keys of the summary that may differ from the last row's value
        # Re-entrant: a signal handler may log while the thread that it interrupted does.
        self.lock: AbstractContextManager[Any] = threading.RLock()
        self.rules: MetricRules | None = None  # once a metric has been defined
        self._inherited: dict[str, Any] | None = None  # of a forked or attached process: the summary at its beginning
        self._row = row
        self._publish = publish
        self._place = place
        self._time = 0  # of the last row, ms
        self._newest = 0  # time of any row, ms
        # Time of a resumed run's last row, ms: a server keeps the newest value of a step, also if a clock was set back.
        self.floor = 0
        self._last = first_step  # step of the last row
        self._top = first_step - 1  # highest step that has a row
        self._attached: dict[str, int] = {}  # the step of the last value that `attach` has logged, by key
        self._changed = False  # whether the script has changed the summary since it was published
        self._published = 0.0  # when, in ms since the epoch
        self._published_row = 0  # `_time` at that moment
        self._interval = SUMMARY_DELAY * 1000  # ms from the next publication to the one after, doubled each time
        self._due = self.start * 1000 + self._interval  # ms since the epoch
        self._due_in_caller = self._due

    def add(
        self,
        data: Mapping[str, Any],
        step: Any = None,
        commit: bool | None = None,
        moment: float | None = None,
        plain: bool = False,
    ) -> None:
        """Log one row; see `Run.log`.

        Args:
            data: values by key; `_timestamp`, in seconds since the epoch, is the time of the row.
            step: where the row belongs; None is the current step, which then advances.
            commit: False keeps the current step open for the next call, True closes it. By default a call without
                `step` closes it and a call with `step` does not.
            moment: when the row was logged, in seconds since the epoch; by default now.
            plain: whether all values are known to be Python numbers.

        Raises:
            TypeError: `data` is not a mapping, a key is not a string, or `step` is not an integer.
        """
        if type(data) is not dict and not isinstance(data, Mapping):
            raise TypeError("wandb.log must be passed a dictionary")
        if states_time := "_timestamp" in data:
            moment = _logged_time(data["_timestamp"], moment)
        with self.lock:
            current = self.step
            if step is None:
                at = current
                following = current + 1 if commit is None or commit else current
            else:
                if type(step) is int and current <= step <= HIGHEST_STEP:
                    at = step
                elif (placed := self._place(step, current)) is None:
                    return
                else:
                    at = placed
                following = at + 1 if commit else at
            now = int((time() if moment is None else moment) * 1000)
            if now < self.floor and not states_time:
                now = self.floor
            if at <= self._top and now <= self._newest:
                now = self._newest + 1
            if self.rules is not None:
                data = self.rules.complete(data)
                plain = False
            values = self._row(data, at, now, plain) if data else data
            if following > self.step:  # a signal handler may have logged in between
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
                self._update_summary(data, values)
            if self.rules is not None:
                self.columns.update(self.rules.apply(values, self.items))
            if now >= self._due_in_caller:
                self._publish_now()

    def attach(self, data: Mapping[str, Any]) -> None:
        """Log values beside the rows: at the step of the last row, so that no row gets another step.

        Args:
            data: values by key. A key that has such a value at the last row's step gets the next one at the step
                after: no value is lost.
        """
        with self.lock:
            now = max(int(time() * 1000), self._newest, self.floor)
            for key, value in data.items():
                at = self._attached[key] = max(self._top, self._attached.get(key, -1) + 1, 0)
                self._update_summary({key: value}, self._row({key: value}, at, now, False))

    def _update_summary(self, data: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        try:
            update_summary(data, values, self.items)
        except RecursionError:
            update_summary(bounded(data), values, self.items)

    # The summary's publication: soon after the first rows, then at growing intervals up to SUMMARY_INTERVAL

    def publish_in_background(self) -> None:
        """Leave the publication of the summary to a thread that calls `publish_if_due`."""
        self._due_in_caller = sys.maxsize

    def publish_if_due(self) -> None:
        """Publish the summary if it has changed and its time has come."""
        if time() * 1000 >= self._due and (self._changed or self._time != self._published_row):
            with self.lock:
                self._publish_now()

    def summary_changed(self) -> None:
        """Note that the script has changed the summary: it is published within SUMMARY_DELAY, if not just before."""
        self._changed = True
        now = time() * 1000
        next_change = self._published + SUMMARY_CHANGE_INTERVAL * 1000
        if self._due_in_caller == sys.maxsize:
            self._due = min(self._due, max(now + SUMMARY_DELAY * 1000, next_change))
        elif now >= next_change:
            self._publish_now()

    def _publish_now(self) -> None:
        now = time() * 1000
        self._interval = min(2 * self._interval, SUMMARY_INTERVAL * 1000)
        self._due = now + self._interval
        if self._due_in_caller != sys.maxsize:
            self._due_in_caller = self._due
        self._changed = False
        self._published = now
        self._published_row = self._time
        self._publish()

    # Several processes

    def share(self, run_dir: Path, *, joins: bool = False) -> None:
        """Count the steps together with other processes from now on.

        Args:
            run_dir: where the processes meet.
            joins: whether another process has begun the run.
        """
        from wandb_compat.run.shared_step import SharedStep  # few runs need it

        lock: Any = self.lock
        # A thread may hold the lock until after the fork that this call prepares: then each process counts alone.
        if not isinstance(lock, SharedStep) and lock.acquire(timeout=STEP_LOCK_TIMEOUT):
            try:
                self.lock = SharedStep(self, run_dir, joins=joins)
            finally:
                lock.release()

    def after_fork(self) -> None:
        """Begin anew in a forked child, in which the parent's threads do not exist."""
        self.lock = threading.RLock()
        self._due_in_caller = self._due
        self.inherit(self.items)

    def inherit(self, summary: Mapping[str, Any]) -> None:
        """Take over the summary of the process that has begun the run; that process publishes it."""
        self.items.update(summary)
        self._inherited = dict(self.items)

    def own_items(self) -> dict[str, Any]:
        """Return what this process publishes of the summary: in a child only what the child has changed."""
        if self._inherited is None:
            return self.items
        inherited = self._inherited
        return {key: value for key, value in self.items.items() if inherited.get(key, _MISSING) != value}

    def clock(self) -> dict[str, Any]:
        """Return `_step`, `_runtime` (seconds) and `_timestamp` (seconds since the epoch) of the last row."""
        if not self._time:
            return {}
        # A row may state an earlier time than its own: the newest tells how long the run has lasted.
        runtime = max(0.0, self._newest / 1000 - self.start)
        return {"_step": self._last, "_runtime": runtime, "_timestamp": self._time / 1000}

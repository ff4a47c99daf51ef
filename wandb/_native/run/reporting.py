"""The part of a run that tells people and Pluto's pages something: alerts, definitions, states, log lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from wandb._native.run.define_metric import metric_of
from wandb.sdk.wandb_alerts import AlertLevel
from wandb.sdk.wandb_metric import Metric
from wandb_compat.run.metric_definitions import MetricRules

if TYPE_CHECKING:
    from wandb_compat.pipeline.pipeline import Pipeline
    from wandb_compat.run.alerts import Alerts
    from wandb_compat.run.console import ConsoleCapture
    from wandb_compat.run.history import History
    from wandb_compat.spool import records


@dataclass
class RunStatus:
    """How much of a run is still on its way; wandb's fields."""

    sync_items_total: int = 0
    sync_items_pending: int = 0
    sync_time: datetime | None = None


class RunWords:
    """The methods; `Run` is the only class that has them."""

    _pipeline: Pipeline | None
    _history: History
    _alerts: Alerts
    _console: ConsoleCapture | None
    _is_finished: bool

    if TYPE_CHECKING:

        def _refuse_when_finished(self, what: str) -> None: ...
        def _submit(self, record: records.Record, what: str) -> None: ...
        def _send_wandb(self, values: dict[str, Any], what: str | None = None) -> None: ...

    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        overwrite: bool | None = None,
        goal: str | None = None,
    ) -> Metric:
        """Say how a metric is plotted and summarised, from the next row on.

        In Pluto: rows get the step metric that they lack, the summary its form; kept in `config["wandb"]["metrics"]`.

        Args:
            name: the metric; with `*` at its end all metrics whose names begin so.
            step_metric: the metric that is its x axis.
            step_sync: add the last value of the step metric to rows without it; True with a `step_metric`.
            hidden: make no chart of it by itself.
            summary: one or several of min, max, mean, first, last, best, copy, none, separated by commas. `copy`, the
                default, is the last value itself; the others make a dict such as `{"min": 0.1}`; none shows nothing.
            overwrite: forget what was defined for that name before.
            goal: `minimize` (the default) or `maximize`, for `best`; wandb up to 0.23 had both.

        Raises:
            wandb.Error: an argument has the wrong type or a value that does not exist.
        """
        if self._is_finished:
            self._refuse_when_finished("define_metric")
        metric = metric_of(name, step_metric, step_sync, hidden, summary, overwrite, goal)
        with self._history.lock:
            if self._history.rules is None:
                self._history.rules = MetricRules()
            self._history.rules.define(metric)
            definitions = self._history.rules.definitions()
        self._send_wandb({"metrics": definitions})
        return metric

    def alert(
        self,
        title: str,
        text: str,
        level: str | AlertLevel | None = None,
        wait_duration: float | timedelta | None = None,
    ) -> None:
        """Send a message to people.

        In Pluto: an alert of the run.

        Args:
            title: what it is about.
            text: the message.
            level: `INFO` (the default), `WARN` or `ERROR`.
            wait_duration: seconds, or a timedelta, in which no other alert of that title is sent; 0 and None are a
                minute.

        Raises:
            ValueError: the level does not exist.
            TypeError: `wait_duration` is no span of time.
        """
        if not isinstance(wait_duration, (int, float, timedelta, type(None))):
            raise TypeError("wait_duration must be an int, float, or datetime.timedelta")
        name = level.value if isinstance(level, AlertLevel) else level or "INFO"
        if name not in AlertLevel.__members__:
            raise ValueError("level must be one of 'INFO', 'WARN', or 'ERROR'")
        submit = partial(self._submit, what="alert")
        self._alerts.send(submit, title, text, name, wait_duration)

    def mark_preempting(self) -> None:
        """Say that the run is about to be preempted.

        In Pluto: `config["wandb"]["state"]` becomes `preempting`, as Pluto's own states have nothing like it.
        """
        self._send_wandb({"state": "preempting"}, "mark_preempting")

    def pin_config_keys(self, keys: Sequence[str] = ()) -> None:
        """Name the configuration values to be shown first.

        In Pluto: kept at `config["wandb"]["pinned_config_keys"]`.

        Args:
            keys: dots stand between the levels of nested values. A later call replaces them.
        """
        self._send_wandb({"pinned_config_keys": [str(key) for key in keys]}, "pin_config_keys")

    def write_logs(self, text: str) -> None:
        """Send text to the run's log view without printing it.

        In Pluto: a console line each.

        Args:
            text: one line or several.
        """
        if self._console is not None:
            self._console.feed("stdout", text if text.endswith("\n") else f"{text}\n")

    def status(self) -> RunStatus:
        """Return how many rows of the run there are, and how many of them are still on their way to Pluto."""
        if self._is_finished:
            self._refuse_when_finished("status")
        if self._pipeline is None:
            return RunStatus()
        from wandb_compat.spool.pending import pending_rows

        state = self._pipeline.status()
        pending = pending_rows(self._pipeline.run_dir)
        return RunStatus(sync_items_total=state.sent + pending, sync_items_pending=pending)

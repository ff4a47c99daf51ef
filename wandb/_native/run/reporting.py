"""Reports of a run to its readers: metric definitions, alerts, upload status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from wandb._native.run.define_metric import metric_of
from wandb.sdk.wandb_alerts import AlertLevel
from wandb.sdk.wandb_metric import Metric
from wandb_compat.run.alerts import Alerts
from wandb_compat.run.metric_definitions import MetricRules

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run


@dataclass
class RunStatus:
    """How much of a run is not uploaded yet; the fields are those of wandb."""

    sync_items_total: int = 0
    sync_items_pending: int = 0
    sync_time: datetime | None = None


class RunReporting:
    """The reports of one run; the arguments are those of the run's methods."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._alerts = Alerts()

    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None,
        step_sync: bool | None,
        hidden: bool | None,
        summary: str | None,
        overwrite: bool | None,
        goal: str | None,
    ) -> Metric:
        """Define how a metric is plotted and summarised; see `Run.define_metric`."""
        run = self._run
        run._check_active("define_metric")
        metric = metric_of(name, step_metric, step_sync, hidden, summary, overwrite, goal)
        history = run._history
        with history.lock:
            if history.rules is None:
                history.rules = MetricRules()
            history.rules.define(metric)
            definitions = history.rules.definitions()
        run._send_wandb({"metrics": definitions})
        return metric

    def alert(
        self, title: str, text: str, level: str | AlertLevel | None, wait_duration: float | timedelta | None
    ) -> None:
        """Send an alert; see `Run.alert`."""
        if not isinstance(wait_duration, (int, float, timedelta, type(None))):
            raise TypeError("wait_duration must be an int, float, or datetime.timedelta")
        name = level.value if isinstance(level, AlertLevel) else level or "INFO"
        if name not in AlertLevel.__members__:
            raise ValueError("level must be one of 'INFO', 'WARN', or 'ERROR'")
        submit = partial(self._run._submit, what="alert")
        self._alerts.send(submit, title, text, name, wait_duration)

    def status(self) -> RunStatus:
        """Count the rows of the run; see `Run.status`."""
        self._run._check_active("status")
        pipeline = self._run._pipeline
        if pipeline is None:
            return RunStatus()
        from wandb_compat.spool.pending import pending_rows

        state = pipeline.status()
        pending = pending_rows(pipeline.run_dir)
        return RunStatus(sync_items_total=state.sent + pending, sync_items_pending=pending)

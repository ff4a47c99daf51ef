"""Reads what `define_metric` of the real wandb has defined."""

from __future__ import annotations

from typing import Any

from wandb_compat.run.metric_definitions import Definition

_FORMS = ("min", "max", "mean", "best", "last", "none", "copy", "first")
_GOALS = {1: "minimize", 2: "maximize"}


def definition_of(metric: Any) -> Definition:
    """Return the definition in wandb's record of a metric, or in the `Metric` that `define_metric` has returned."""
    if not hasattr(metric, "glob_name"):
        step_metric = metric.step_metric or None
        return Definition(
            metric.name,
            step_metric,
            metric.step_sync or step_metric is not None or None,
            metric.hidden or None,
            tuple(metric.summary) if metric.summary else None,
            getattr(metric, "goal", None),
            getattr(metric, "_overwrite", None),
        )
    forms = tuple(form for form in _FORMS if getattr(metric.summary, form, False))
    return Definition(
        metric.name or metric.glob_name,
        metric.step_metric or None,
        metric.options.step_sync or None,
        metric.options.hidden or None,
        forms or None,
        _GOALS.get(getattr(metric, "goal", 0)),
        metric._control.overwrite or None,
    )

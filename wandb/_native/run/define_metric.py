"""Checks the arguments of `define_metric`."""

from __future__ import annotations

from typing import Any

from wandb.errors import Error
from wandb.sdk.wandb_metric import Metric
from wandb_compat.run.metric_definitions import GOALS
from wandb_compat.run.metric_definitions import MetricRules as MetricRules

SUMMARIES = frozenset(("min", "max", "mean", "last", "copy", "none", "first", "best"))


def metric_of(
    name: Any, step_metric: Any, step_sync: Any, hidden: Any, summary: Any, overwrite: Any, goal: Any
) -> Metric:
    """Return a definition from the arguments of `define_metric`.

    Raises:
        wandb.Error: an argument has the wrong type or a value that does not exist.
    """
    if not name:
        raise Error("define_metric() requires non-empty name argument")
    if isinstance(step_metric, Metric):
        step_metric = step_metric.name
    arguments = {"name": (name, str), "step_metric": (step_metric, str), "step_sync": (step_sync, bool)}
    arguments |= {"hidden": (hidden, bool), "summary": (summary, str), "overwrite": (overwrite, bool)}
    arguments |= {"goal": (goal, str)}
    for argument, (value, kind) in arguments.items():
        if value is not None and not isinstance(value, kind):
            raise Error(f"Unhandled define_metric() arg: {argument} type: {type(value).__name__}")
    if "*" in name.removesuffix("*"):
        raise Error(f"Unhandled define_metric() arg: name (glob suffixes only): {name}")
    operations = [operation.strip().lower() for operation in summary.split(",")] if summary else None
    for operation in operations or ():
        if operation not in SUMMARIES:
            raise Error(f"Unhandled define_metric() arg: summary op: {operation}")
    if goal not in GOALS:
        raise Error(f"Unhandled define_metric() arg: goal: {goal}")
    return Metric(name, step_metric, step_sync, hidden, operations, overwrite, goal)

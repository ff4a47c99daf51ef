"""TensorBoard's summaries as values for `log`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tensorboard.compat.proto.summary_pb2 import Summary

import wandb
from wandb._native.run.terminal import terminal_notifier
from wandb_compat.run.tensorboard.summaries import Summaries

# The last step of each namespace that `log` has seen, and the highest of all.
_steps: dict[str, int] = {}


_summaries = Summaries(wandb, terminal_notifier())


def tf_summary_to_dict(tf_summary_str_or_pb: Any, namespace: str = "") -> dict[str, Any] | None:
    """Return the values of a summary by key, or None if it has none.

    Args:
        tf_summary_str_or_pb: a `Summary` or an `Event` message, a serialised `Summary`, or a list of those.
        namespace: comes before each key, with a slash.
    """
    given, values = tf_summary_str_or_pb, {}
    if hasattr(given, "summary"):
        values = {"_timestamp": given.wall_time, f"{namespace}/global_step" if namespace else "global_step": given.step}
        given = given.summary
    if hasattr(given, "numpy"):
        given = given.numpy()
    if isinstance(given, (str, bytes, bytearray)):
        given = Summary.FromString(bytes(given, "latin-1") if isinstance(given, str) else bytes(given))
    elif not hasattr(given, "value") and isinstance(given, Iterable):
        parts, given = given, Summary()
        for part in parts:
            given.MergeFromString(part)
    if not getattr(given, "value", None):
        return None
    return {**values, **_summaries.values(given, namespace)}


def log(tf_summary_str_or_pb: Any, history: Any = None, step: int = 0, namespace: str = "", **kwargs: Any) -> None:
    """Log a TensorBoard summary to the current run.

    In Pluto: its values, in one row for each `step`.

    Args:
        tf_summary_str_or_pb: as `tf_summary_to_dict`.
        history: accepted.
        step: TensorBoard's step: a row is complete when it rises.
        namespace: comes before each key, with a slash.
    """
    values = tf_summary_to_dict(tf_summary_str_or_pb, namespace)
    if values is None or wandb.run is None:
        return
    values.pop("_timestamp", None)
    if step > _steps.get(namespace, 0) and step != max(_steps.values(), default=0):
        wandb.run.log({})
    _steps[namespace] = step
    if namespace:
        values["global_step"] = max(_steps.values())
    wandb.run.log(values, commit=False)


_log = log


def reset_state() -> None:
    """Forget the steps that `log` has seen."""
    _steps.clear()

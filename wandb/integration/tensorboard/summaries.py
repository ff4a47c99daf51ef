"""TensorBoard's summaries as values for `log`."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy
from tensorboard import data_compat
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.util import tensor_util

import wandb
from wandb.errors.term import termwarn

# The last step of each namespace that `log` has seen, and the highest of all.
_steps: dict[str, int] = {}


def values_of(summary: Any, namespace: str = "") -> dict[str, Any]:
    """Return the values of a `Summary` message by key.

    Args:
        summary: the message; TensorBoard 1's forms are read too.
        namespace: comes before each key, with a slash.
    """
    values: dict[str, Any] = {}
    for value in summary.value:
        value = data_compat.migrate_value(value)
        key = f"{namespace}/{value.tag}" if namespace else value.tag
        if value.WhichOneof("value") != "tensor":
            continue
        read = _READERS.get(value.metadata.plugin_data.plugin_name)
        if read is not None and (found := read(value.tensor, key)) is not None:
            values[key] = found
    return values


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
    return {**values, **values_of(given, namespace)}


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


def _scalar(tensor: Any, key: str) -> Any:
    array = tensor_util.make_ndarray(tensor)
    return None if array.dtype == object else array.item() if array.size == 1 else array


def _text(tensor: Any, key: str) -> str | None:
    lines = [line.decode("utf-8", "replace") for line in tensor_util.make_ndarray(tensor).ravel().tolist()]
    return "\n".join(lines) if lines else None


def _images(tensor: Any, key: str) -> list[Any] | None:
    from PIL import Image

    encoded = tensor.string_val[2:]  # after width and height
    # tensorboardX writes videos as images that move.
    return [
        wandb.Video(io.BytesIO(one), format="gif")
        if one.startswith(b"GIF")
        else wandb.Image(Image.open(io.BytesIO(one)))
        for one in encoded
    ] or None


def _histogram(tensor: Any, key: str) -> Any:
    buckets = tensor_util.make_ndarray(tensor)
    if not buckets.size:
        return None
    edges = numpy.append(buckets[:, 0], buckets[-1, 1]).astype(float)
    counts = buckets[:, 2].astype(float)
    limit = wandb.Histogram.MAX_LENGTH
    if len(counts) > limit:
        # Neighbours are merged; a bin that lies across a new edge is divided between both sides.
        places = numpy.linspace(0, len(counts), limit + 1)
        at = numpy.arange(len(edges))
        counts = numpy.diff(numpy.interp(places, at, numpy.append(0.0, counts.cumsum())))
        edges = numpy.interp(places, at, edges)
    if not (numpy.isfinite(edges).all() and numpy.isfinite(counts).all()):
        termwarn(f"The histogram {key!r} is left out: its numbers are not finite", repeat=False)
        return None
    return wandb.Histogram(np_histogram=(counts, edges))


def _pr_curve(tensor: Any, key: str) -> Any:
    precision, recall = tensor_util.make_ndarray(tensor)[-2:].tolist()
    points = [(r, p) for r, p in zip(recall, precision, strict=True) if r or p]
    table = wandb.Table(data=sorted(points, key=lambda point: (point[0], -point[1])), columns=["recall", "precision"])
    return wandb.plot_table(
        "wandb/line/v0", table, {"x": "recall", "y": "precision"}, {"title": f"{key} Precision v. Recall"}
    )


_READERS = {
    "": _scalar,
    "scalars": _scalar,
    "images": _images,
    "histograms": _histogram,
    "text": _text,
    "pr_curves": _pr_curve,
}

"""TensorBoard's summaries as values for `log`."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy
from tensorboard import data_compat
from tensorboard.compat.proto.types_pb2 import DT_FLOAT
from tensorboard.util import tensor_util

from wandb_compat.spool.notifier import Notifier


class Summaries:
    """Reads `Summary` messages."""

    def __init__(self, wandb: ModuleType, notifier: Notifier, *, shortest: bool = False, texts: bool = True) -> None:
        """Read nothing yet.

        Args:
            wandb: has the types of media, the real wandb's or ours.
            notifier: warns of values that are left out.
            shortest: read 32 bits as the shortest decimal that has them, as wandb's service does with files: 0.1
                stays 0.1, where Python's number would be 0.10000000149011612.
            texts: return texts with the other values too; wandb leaves them in the file.
        """
        self._wandb: Any = wandb
        self._notifier = notifier
        self._readers: dict[str, Callable[[Any, str], Any]] = {
            "": _shortest if shortest else _scalar,
            "scalars": _shortest if shortest else _scalar,
            "images": self._images,
            "histograms": self._histogram,
            "pr_curves": self._pr_curve,
            **({"text": _text} if texts else {}),
        }

    def values(self, summary: Any, namespace: str = "") -> dict[str, Any]:
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
            read = self._readers.get(value.metadata.plugin_data.plugin_name)
            if read is not None and (found := read(value.tensor, key)) is not None:
                values[key] = found
        return values

    def texts(self, summary: Any, namespace: str = "") -> dict[str, str]:
        """Return the texts of a `Summary` message by key; arguments as `values`."""
        texts: dict[str, str] = {}
        for value in summary.value:
            if value.metadata.plugin_data.plugin_name == "text" and value.WhichOneof("value") == "tensor":
                key = f"{namespace}/{value.tag}" if namespace else value.tag
                if (text := _text(value.tensor, key)) is not None:
                    texts[key] = text
        return texts

    def _images(self, tensor: Any, key: str) -> list[Any] | None:
        from PIL import Image

        encoded = tensor.string_val[2:]  # after width and height
        # tensorboardX writes videos as images that move.
        return [
            self._wandb.Video(io.BytesIO(one), format="gif")
            if one.startswith(b"GIF")
            else self._wandb.Image(Image.open(io.BytesIO(one)))
            for one in encoded
        ] or None

    def _histogram(self, tensor: Any, key: str) -> Any:
        buckets = tensor_util.make_ndarray(tensor)
        if not buckets.size:
            return None
        edges = numpy.append(buckets[:, 0], buckets[-1, 1]).astype(float)
        counts = buckets[:, 2].astype(float)
        limit = self._wandb.Histogram.MAX_LENGTH
        if len(counts) > limit:
            # Neighbours are merged; a bin that lies across a new edge is divided between both sides.
            places = numpy.linspace(0, len(counts), limit + 1)
            at = numpy.arange(len(edges))
            counts = numpy.diff(numpy.interp(places, at, numpy.append(0.0, counts.cumsum())))
            edges = numpy.interp(places, at, edges)
        if not (numpy.isfinite(edges).all() and numpy.isfinite(counts).all()):
            text = f"The histogram {key!r} is left out: its numbers are not finite"
            self._notifier.warning(text, once=text)
            return None
        return self._wandb.Histogram(np_histogram=(counts, edges))

    def _pr_curve(self, tensor: Any, key: str) -> Any:
        precision, recall = tensor_util.make_ndarray(tensor)[-2:].tolist()
        points = [(r, p) for r, p in zip(recall, precision, strict=True) if r or p]
        rows = sorted(points, key=lambda point: (point[0], -point[1]))
        table = self._wandb.Table(data=rows, columns=["recall", "precision"])
        axes, title = {"x": "recall", "y": "precision"}, {"title": f"{key} Precision v. Recall"}
        return self._wandb.plot_table("wandb/line/v0", table, axes, title)


def _scalar(tensor: Any, key: str) -> Any:
    array = tensor_util.make_ndarray(tensor)
    return None if array.dtype == object else array.item() if array.size == 1 else array


def _shortest(tensor: Any, key: str) -> Any:
    value = _scalar(tensor, key)
    return float(str(numpy.float32(value))) if isinstance(value, float) and tensor.dtype == DT_FLOAT else value


def _text(tensor: Any, key: str) -> str | None:
    lines = [line.decode("utf-8", "replace") for line in tensor_util.make_ndarray(tensor).ravel().tolist()]
    return "\n".join(lines) if lines else None

"""Takes snapshots of figures of matplotlib, plotly and bokeh."""

from __future__ import annotations

import base64
import io
import json
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wandb_compat.convert import deferred
from wandb_compat.convert.deferred import DeferredFile
from wandb_compat.convert.json_values import json_value
from wandb_compat.spool import records

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage


def matplotlib_figure(value: Any) -> Any:
    """Return the figure that a value of matplotlib belongs to: pyplot, a figure, axes, or an artist.

    Raises:
        ValueError: it belongs to none.
    """
    figure = value.gcf() if isinstance(value, ModuleType) else value
    if not hasattr(figure, "savefig"):
        figure = getattr(figure, "figure", None)
    if not hasattr(figure, "savefig"):
        raise ValueError("Only matplotlib.pyplot or matplotlib.pyplot.Figure objects are accepted.")
    return figure


def render_matplotlib(value: Any) -> PILImage:
    """Draw the figure of a value of matplotlib at once, because scripts clear and close figures after `log`."""
    from PIL import Image

    buffer = io.BytesIO()
    matplotlib_figure(value).savefig(buffer, format="png", pil_kwargs={"compress_level": 1})
    return Image.open(buffer)


def plotly_file(figure: Any) -> DeferredFile:
    """Return the JSON file of a plotly figure; `plotly.io.read_json` reads it."""
    return DeferredFile(".plotly.json", partial(_write_plotly, figure.to_plotly_json()))  # a deep copy


def unpacked_plotly_file(path: Path) -> DeferredFile:
    """Return the JSON file of a plotly figure that is written already, with packed arrays as lists.

    Raises:
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    return DeferredFile(".plotly.json", partial(_unpack_plotly, content), len(content))


def _unpack_plotly(content: bytes, path: Path) -> None:
    _write_plotly(json.loads(content), path)


def _write_plotly(document: Any, path: Path) -> None:
    path.write_bytes(records.dump(_unpack_arrays(json_value(document))))


def _unpack_arrays(part: Any) -> Any:
    """Return a part of a plotly document with arrays as lists; only plotly 6 reads its packed form."""
    if isinstance(part, list):
        return [_unpack_arrays(item) for item in part]
    if not isinstance(part, dict):
        return part
    if {"dtype", "bdata"} <= part.keys() <= {"dtype", "bdata", "shape"}:
        import numpy

        array = numpy.frombuffer(base64.b64decode(part["bdata"]), part["dtype"])
        shape = [int(size) for size in str(part.get("shape", array.size)).split(",")]
        return array.reshape(shape).tolist()
    return {key: _unpack_arrays(item) for key, item in part.items()}


def bokeh_file(model: Any) -> DeferredFile:
    """Return the JSON file of a bokeh model or document; `Document.from_json` reads it."""
    from bokeh.document import Document

    document = model if isinstance(model, Document) else model.document
    if document is None:
        document = Document()
        document.add_root(model)
        text = _bokeh_json(document)
        document.remove_root(model)  # a model belongs to one document: its owner must still be able to show it
    else:
        text = _bokeh_json(document)
    return deferred.from_bytes(text, ".bokeh.json")


def _bokeh_json(document: Any) -> bytes:
    try:
        content = document.to_json(deferred=False)
    except TypeError:  # bokeh before 3.9
        content = document.to_json()
    return records.dump(json_value(content))

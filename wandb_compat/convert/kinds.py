"""Recognises media, tables, charts and figures of wandb and of other libraries, without importing any of them."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any

# wandb's type of a medium that is a file -> Pluto's type of its key
FILE_TYPES = {
    "image-file": "IMAGE",
    "audio-file": "AUDIO",
    "video-file": "VIDEO",
    "html-file": "ARTIFACT",
    "plotly-file": "ARTIFACT",
    "bokeh-file": "ARTIFACT",
    "object3D-file": "ARTIFACT",
    "molecule-file": "ARTIFACT",
    "wb_trace_tree": "ARTIFACT",
}
MEDIA = frozenset((*FILE_TYPES, "histogram", "graph-file"))
_WANDB_KINDS = MEDIA | {"joined-table", "partitioned-table"}


def kind_of(value: Any) -> str | None:
    """Return the kind of a medium, table, chart or figure, or None for every other value.

    Kinds are wandb's type names, such as `image-file`, `histogram` or `table`, and `chart` and `data-frame`. Figures
    of matplotlib, plotly and bokeh and PIL images are of the kind that wandb makes of them.
    """
    log_type = getattr(type(value), "_log_type", None)
    if is_table(value):
        return "table"
    if log_type in _WANDB_KINDS:
        return str(log_type)
    if is_chart(value):
        return "chart"
    return None if isinstance(log_type, str) else _foreign_kind(value)


def kinds_of(values: Iterable[Any]) -> list[str]:
    """Return the kinds of several values, or an empty list if any of them has none."""
    found = []
    for value in values:
        if (kind := kind_of(value)) is None:
            return []
        found.append(kind)
    return found


def is_wandb_value(value: Any) -> bool:
    """Whether the value is an object of wandb's, the real one's or ours, and not of another library."""
    return isinstance(getattr(type(value), "_log_type", None), str)


def _foreign_kind(value: Any) -> str | None:
    if type(value).__name__ == "DataFrame" and hasattr(value, "itertuples"):
        return "data-frame"
    if is_pillow_image(value) or is_matplotlib(value):
        return "image-file"
    if hasattr(value, "to_plotly_json") and type(value).__module__.startswith("plotly."):
        return "plotly-file"
    if any(base.__module__.startswith("bokeh.") and base.__name__ == "Model" for base in type(value).__mro__):
        return "bokeh-file"
    return None


def is_table(value: Any) -> bool:
    """Whether a value is a `wandb.Table`."""
    log_type = getattr(type(value), "_log_type", None)
    return log_type in ("table", "eval-table") and isinstance(getattr(value, "data", None), list)


def is_chart(value: Any) -> bool:
    """Whether a value is a custom chart of wandb: a table and the name of a template."""
    table, template = chart_parts(value)
    return isinstance(template, str) and is_table(table)


def chart_parts(value: Any) -> tuple[Any, Any]:
    """Return the table and the template name of a custom chart, or None for what the value does not have."""
    spec = getattr(value, "spec", None)
    if spec is None:  # wandb before 0.19
        return getattr(value, "_data", None), getattr(value, "_id", None)
    return getattr(value, "table", None), getattr(spec, "spec_name", None) or getattr(spec, "name", None)


def is_pillow_image(value: Any) -> bool:
    """Whether a value is a PIL image."""
    # Compared by name: another thread may be importing Pillow at this moment.
    return any((base.__module__, base.__name__) == ("PIL.Image", "Image") for base in type(value).__mro__)


def is_matplotlib(value: Any) -> bool:
    """Whether a value is matplotlib's: pyplot, a figure, axes, or an artist on them."""
    if isinstance(value, ModuleType):
        return value.__name__ == "matplotlib.pyplot"
    return any(base.__module__.startswith("matplotlib.") for base in type(value).__mro__)

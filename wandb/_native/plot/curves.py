"""What ROC and precision-recall curves have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from wandb.errors.term import termerror, termwarn
from wandb.sdk.data_types.table import Table

if TYPE_CHECKING:
    from wandb.plot.custom_chart import CustomChart

DIGITS = 3  # after the point, of the curves' coordinates


def each_class(y_true: Any, y_probas: Any, labels: Any, wanted: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield label, truth (bool a sample) and scores of each class that is wanted; nothing if an argument is missing."""
    import numpy

    missing = [name for name, value in (("y_true", y_true), ("y_probas", y_probas)) if value is None]
    for name in missing:
        termerror(f"{name} is None: a curve needs it.")
    if missing:
        return
    truth, scores = numpy.array(y_true), numpy.array(y_probas)
    classes = numpy.unique(truth)
    for index in numpy.where(numpy.isin(classes, classes if wanted is None else wanted))[0]:
        one = classes[index]
        label = labels[one] if labels is not None and isinstance(classes[0], numpy.integer) else one.item()
        yield label, truth == one, scores[..., index]


def chart_of_curves(
    plot_table: Callable[..., CustomChart],
    columns: list[str],
    rows: list[list[Any]],
    axes: tuple[str, str],
    title: str,
    split_table: bool,
) -> CustomChart | None:
    """Return the chart of curves, or None when there are no points.

    Args:
        plot_table: `wandb.plot_table`, which imports this package.
        columns: `class` and the names of the two coordinates.
        rows: class and coordinates of each point.
        axes: names of the horizontal and the vertical axis.
        title: the chart's title.
        split_table: whether the table goes to the section "Custom Chart Tables".
    """
    if not rows:
        return None
    first, second = columns[1:]
    x, y = (first, second) if first == "fpr" else (second, first)
    strings = {"title": title, "x-axis-title": axes[0], "y-axis-title": axes[1]}
    table = Table(columns=columns, data=_thinned(rows))
    return plot_table("wandb/area-under-curve/v0", table, {"x": x, "y": y, "class": "class"}, strings, split_table)


def _thinned(rows: list[list[Any]]) -> list[list[Any]]:
    """Return as many rows as a table shows, drawn evenly from each class."""
    if len(rows) <= Table.MAX_ROWS:
        return rows
    from sklearn.utils import resample

    termwarn(f"The curve has {len(rows)} points; {Table.MAX_ROWS} of them are drawn (wandb.Table.MAX_ROWS).")
    classes = [row[0] for row in rows]
    drawn = resample(list(range(len(rows))), replace=False, n_samples=Table.MAX_ROWS, random_state=42, stratify=classes)
    return sorted((rows[index] for index in drawn), key=lambda row: (row[1], row[2], row[0]))

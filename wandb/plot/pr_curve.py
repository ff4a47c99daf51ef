"""`wandb.plot.pr_curve`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wandb._native.plot.curves import DIGITS, chart_of_curves, each_class
from wandb.plot.custom_chart import CustomChart, plot_table
from wandb.util import get_module


def pr_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    interp_size: int = 21,
    title: str = "Precision-Recall Curve",
    split_table: bool = False,
) -> CustomChart | None:
    """Return precision over recall of each class.

    In Pluto: its table at `KEY_table`, the chart in `config["wandb"]["custom_charts"]` as `pluto migrate` has it.

    Args:
        y_true: the true classes, one a sample.
        y_probas: scores or probabilities, one row a sample and one column a class.
        labels: names of the classes 0, 1…
        classes_to_plot: some of the classes; by default all.
        interp_size: number of points of a curve, at equal distances of recall from 1 to 0.
        title: the chart's title.
        split_table: whether the table goes to the section "Custom Chart Tables".

    Returns:
        The chart, or None when there is nothing to judge, with a warning.

    Raises:
        wandb.Error: scikit-learn is not installed.
    """
    required = "pr_curve requires the scikit library, install scikit-learn"
    curve = get_module("sklearn.metrics", required=required).precision_recall_curve
    import numpy

    wanted = numpy.linspace(0, 1, interp_size)[::-1]
    rows: list[list[Any]] = []
    for label, is_class, scores in each_class(y_true, y_probas, labels, classes_to_plot):
        precision, recall, _ = curve(is_class, scores)
        # The best precision that any lower recall has; from here on with recall ascending.
        best, recall = numpy.maximum.accumulate(precision)[::-1], recall[::-1]
        found = best[numpy.searchsorted(recall, wanted, side="left")]
        points = zip(found.round(DIGITS).tolist(), wanted.round(DIGITS).tolist(), strict=True)
        rows.extend([label, *point] for point in points)
    return chart_of_curves(
        plot_table, ["class", "precision", "recall"], rows, ("Recall", "Precision"), title, split_table
    )

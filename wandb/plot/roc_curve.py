"""`wandb.plot.roc_curve`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wandb._native.plot.curves import DIGITS, chart_of_curves, each_class
from wandb.plot.custom_chart import CustomChart, plot_table
from wandb.util import get_module


def roc_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    title: str = "ROC Curve",
    split_table: bool = False,
) -> CustomChart | None:
    """Return the receiver operating characteristic of each class.

    In Pluto: its table at `KEY_table`, the chart in `config["wandb"]["custom_charts"]` as `pluto migrate` has it.

    Args:
        y_true: the true classes, one a sample.
        y_probas: scores or probabilities, one row a sample and one column a class.
        labels: names of the classes 0, 1…
        classes_to_plot: some of the classes; by default all.
        title: the chart's title.
        split_table: whether the table goes to the section "Custom Chart Tables".

    Returns:
        The chart, or None when there is nothing to judge, with a warning.

    Raises:
        wandb.Error: scikit-learn is not installed.
    """
    curve = get_module("sklearn.metrics", required="roc requires the scikit library, install scikit-learn").roc_curve
    rows: list[list[Any]] = []
    for label, is_class, scores in each_class(y_true, y_probas, labels, classes_to_plot):
        false_rate, true_rate, _ = curve(is_class, scores)
        points = zip(false_rate.round(DIGITS).tolist(), true_rate.round(DIGITS).tolist(), strict=True)
        rows.extend([label, *point] for point in points)
    return chart_of_curves(
        plot_table, ["class", "fpr", "tpr"], rows, ("False positive rate", "True positive rate"), title, split_table
    )

"""`wandb.plots.ROC`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wandb.plot import CustomChart, roc_curve


def roc(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    plot_micro: bool = True,
    plot_macro: bool = True,
    classes_to_plot: Sequence[Any] | None = None,
) -> CustomChart | None:
    """Return the ROC curve of each class; see `wandb.plot.roc_curve`."""
    return roc_curve(y_true, y_probas, labels, classes_to_plot)

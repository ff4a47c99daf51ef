"""`wandb.plots.precision_recall`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wandb.plot import CustomChart, pr_curve


def precision_recall(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    plot_micro: bool = True,
    classes_to_plot: Sequence[Any] | None = None,
) -> CustomChart | None:
    """Return precision over recall of each class; see `wandb.plot.pr_curve`."""
    return pr_curve(y_true, y_probas, labels, classes_to_plot)

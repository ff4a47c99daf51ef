"""`wandb.plots.HeatMap`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wandb.plot.viz import Visualize, visualize
from wandb.sdk.data_types.table import Table


def heatmap(x_labels: Sequence[Any], y_labels: Sequence[Any], matrix_values: Any, show_text: bool = False) -> Visualize:
    """Return a heat map.

    Args:
        x_labels: names of the columns.
        y_labels: names of the rows.
        matrix_values: the numbers, row by row.
        show_text: whether they are written into the cells.
    """
    rows = [
        [x, y, float(matrix_values[j][i])]
        for i, x in enumerate(map(str, x_labels))
        for j, y in enumerate(map(str, y_labels))
    ]
    template = "wandb/heatmap/v1" if show_text else "wandb/heatmap_no_text/v1"
    return visualize(template, Table(columns=["x_axis", "y_axis", "values"], data=rows))

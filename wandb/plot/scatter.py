"""`wandb.plot.scatter`."""

from __future__ import annotations

from wandb.plot.custom_chart import CustomChart, plot_table
from wandb.sdk.data_types.table import Table


def scatter(table: Table, x: str, y: str, title: str = "", split_table: bool = False) -> CustomChart:
    """Return a scatter chart.

    In Pluto: its table at `KEY_table`, the chart in `config["wandb"]["custom_charts"]` as `pluto migrate` has it.

    Args:
        table: the rows.
        x: column of the horizontal axis.
        y: column of the vertical axis.
        title: the chart's title.
        split_table: whether the table goes to the section "Custom Chart Tables".
    """
    return plot_table("wandb/scatter/v0", table, {"x": x, "y": y}, {"title": title}, split_table)

"""`wandb.plot.histogram`."""

from __future__ import annotations

from wandb.plot.custom_chart import CustomChart, plot_table
from wandb.sdk.data_types.table import Table


def histogram(table: Table, value: str, title: str = "", split_table: bool = False) -> CustomChart:
    """Return a histogram of a column.

    In Pluto: its table at `KEY_table`, the chart in `config["wandb"]["custom_charts"]` as `pluto migrate` has it.

    Args:
        table: the rows.
        value: the column.
        title: the chart's title.
        split_table: whether the table goes to the section "Custom Chart Tables".
    """
    return plot_table("wandb/histogram/v0", table, {"value": value}, {"title": title}, split_table)

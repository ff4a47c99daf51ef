"""`wandb.plot.bar`."""

from __future__ import annotations

from wandb.plot.custom_chart import CustomChart, plot_table
from wandb.sdk.data_types.table import Table


def bar(table: Table, label: str, value: str, title: str = "", split_table: bool = False) -> CustomChart:
    """Return a bar chart.

    In Pluto: its table at `KEY_table`, the chart in `config["wandb"]["custom_charts"]` as `pluto migrate` has it.

    Args:
        table: the rows.
        label: column with the bars' names.
        value: column with the bars' heights.
        title: the chart's title.
        split_table: whether the table goes to the section "Custom Chart Tables".
    """
    return plot_table("wandb/bar/v0", table, {"label": label, "value": value}, {"title": title}, split_table)

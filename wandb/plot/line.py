"""`wandb.plot.line`."""

from __future__ import annotations

from wandb.plot.custom_chart import CustomChart, plot_table
from wandb.sdk.data_types.table import Table


def line(
    table: Table, x: str, y: str, stroke: str | None = None, title: str = "", split_table: bool = False
) -> CustomChart:
    """Return a line chart.

    In Pluto: its table at `KEY_table`, the chart in `config["wandb"]["custom_charts"]` as `pluto migrate` has it.

    Args:
        table: the rows.
        x: column of the horizontal axis.
        y: column of the vertical axis.
        stroke: column that tells lines apart.
        title: the chart's title.
        split_table: whether the table goes to the section "Custom Chart Tables".
    """
    fields = {"x": x, "y": y, "stroke": stroke}
    return plot_table("wandb/line/v0", table, fields, {"title": title}, split_table)

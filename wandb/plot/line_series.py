"""`wandb.plot.line_series`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wandb.plot.custom_chart import CustomChart, plot_table
from wandb.sdk.data_types.table import Table


def line_series(
    xs: Sequence[Any],
    ys: Sequence[Iterable[Any]],
    keys: Sequence[str] | None = None,
    title: str = "",
    xname: str = "x",
    split_table: bool = False,
) -> CustomChart:
    """Return a chart with several lines.

    In Pluto: its table at `KEY_table`, the chart in `config["wandb"]["custom_charts"]` as `pluto migrate` has it.

    Args:
        xs: the horizontal values, one sequence for all lines or one for each.
        ys: the vertical values of each line.
        keys: the lines' names; by default line_0, line_1…
        title: the chart's title.
        xname: name of the horizontal axis.
        split_table: whether the table goes to the section "Custom Chart Tables".

    Raises:
        ValueError: there are not as many `xs` or `keys` as `ys`.
    """
    if not isinstance(xs[0], Iterable) or isinstance(xs[0], (str, bytes)):
        xs = [xs] * len(ys)
    if len(xs) != len(ys):
        raise ValueError(f"Number of x-series ({len(xs)}) must match y-series ({len(ys)}).")
    keys = [f"line_{index}" for index in range(len(ys))] if keys is None else keys
    if len(keys) != len(ys):
        raise ValueError(f"Number of keys ({len(keys)}) must match y-series ({len(ys)}).")
    columns = ["step", "lineKey", "lineVal"]
    rows = [
        [x, key, y]
        for key, line_xs, line_ys in zip(keys, xs, ys, strict=True)
        for x, y in zip(line_xs, line_ys, strict=False)
    ]
    strings = {"title": title, "xname": xname}
    table = Table(columns=columns, data=rows)
    return plot_table("wandb/lineseries/v0", table, {one: one for one in columns}, strings, split_table)

"""The end of a run in a notebook: tables of its history and its summary, and links."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

from wandb._native.notebooks.frame import link

if TYPE_CHECKING:
    from wandb._native.run.end_report import Table


def end_html(tables: Iterable[Table], message: str, page: str | None, name: str) -> str:
    """Return the HTML that a run's end shows.

    Args:
        tables: history and summary.
        message: whether Pluto has everything.
        page: URL of the run's page; None without one.
        name: name of the run.
    """
    parts = "".join(_table(table) for table in tables)
    at = f"<div>View run {link(page, name)}</div>" if page else ""
    return f'<div style="display:flex;flex-wrap:wrap;gap:2em">{parts}</div><div>{html.escape(message)}</div>{at}'


def _table(table: Table) -> str:
    lines = "".join(
        f'<tr><th style="text-align:right" scope="row">{html.escape(name)}</th>'
        f'<td style="text-align:left;white-space:pre">{html.escape(text)}</td></tr>'
        for name, text in table.rows
    )
    more = f'<tr><td colspan="2">and {table.left} more</td></tr>' if table.left else ""
    return f'<table><caption style="text-align:left"><b>{table.title}</b></caption>{lines}{more}</table>'

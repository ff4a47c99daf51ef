"""Decides whether a value needs `log`: media, tables, charts and figures are not values of a summary or a cell."""

from __future__ import annotations

from typing import Any

from wandb_compat.convert import arrays, kinds


def is_rich(value: Any) -> bool:
    """Whether a value is a medium, table, chart or figure, or a list that begins with one."""
    if value is None or isinstance(value, (bool, int, float, str, dict)) or arrays.size(value) is not None:
        return False
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    return kinds.kind_of(first) is not None

"""NaN and infinities in JSON: their names as text, as wandb writes them, and the flags of a Pluto server's rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

NAMES = ("NaN", "Infinity", "-Infinity")
FLAGS = {"NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}  # `valueFlag` of a row whose `value` is 0


def finite(value: float) -> float | str:
    """Return a number as standard JSON can hold it: NaN and infinities as their names."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def finite_document(value: Any) -> Any:
    """Return a copy of a JSON document in which NaN and infinities are their names."""
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, Mapping):
        return {key: finite_document(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite_document(one) for one in value]
    return value


def flagged_number(row: Mapping[str, Any]) -> float:
    """Return the number of a row that a Pluto server answers, with `value` and perhaps `valueFlag`."""
    return FLAGS.get(str(row.get("valueFlag")), float(row["value"]))

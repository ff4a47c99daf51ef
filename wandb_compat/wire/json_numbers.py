"""NaN and infinities in JSON: their names as text, as wandb writes them, and the flags of a Pluto server's rows."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

NAMES = ("NaN", "Infinity", "-Infinity")
SAFE_INTEGER = 2**53  # beyond it the doubles of JavaScript are not exact
STORED_DIGITS = 16  # of a fraction: what a real server's database client keeps
STORED_PRECISION = 6e-16  # relative: a little more than what is lost of a float that is stored with 16 digits
FLAGS = {"NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}  # `valueFlag` of a row whose `value` is 0
NON_FINITE = {1: math.nan, 2: math.inf, 4: -math.inf}  # `nonFiniteFlags` of a raw row


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


def stored_fraction(value: float) -> float:
    """Return a finite number as a server stores it if it is no whole number."""
    rounded = float(f"{value:.{STORED_DIGITS}g}")
    return value if math.isinf(rounded) else rounded  # the highest doubles


def flagged_number(row: Mapping[str, Any]) -> float:
    """Return the number of a row that a Pluto server answers, with `value` and perhaps `valueFlag`."""
    return FLAGS.get(str(row.get("valueFlag")), float(row["value"]))


def raw_number(row: Mapping[str, Any]) -> Any:
    """Return the number of a raw row, with `value` and perhaps `nonFiniteFlags`."""
    return NON_FINITE.get(row.get("nonFiniteFlags") or 0, row.get("value"))


def equal(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; NaN equals NaN, also by its name, and 1 equals 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    one, other = (float(value) if isinstance(value, str) and value in NAMES else value for value in (one, other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)


def equal_as_stored(one: Any, other: Any) -> bool:
    """Return whether two values are equal after a server's JSON parser, which has only doubles of 16 digits or more.

    A bool equals a bool only.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal_as_stored(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal_as_stored, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        try:
            return equal(one, other) or math.isclose(one, other, rel_tol=STORED_PRECISION)
        except OverflowError:  # an integer beyond all doubles
            return False
    if other is None and isinstance(one, int) and abs(one) > sys.float_info.max:
        return True  # what JavaScript makes of it
    return equal(one, other)

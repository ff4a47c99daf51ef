"""Recognises the numbers of every library and returns them as Python numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from wandb_compat.convert import arrays

Number = int | float
NUMBER_TYPES = frozenset((int, float))  # values of exactly these types need no conversion


def as_number(value: Any) -> Number | None:
    """Return a scalar of any library as an int or float, or None if the value is not a number.

    Args:
        value: anything. Python numbers, arrays and tensors of one element, Decimal and Fraction are numbers.
    """
    if isinstance(value, (bool, int)):
        return _within_64_bits(int(value))
    if isinstance(value, float):
        return float(value)
    if arrays.size(value) == 1:
        inner = arrays.element(value)
        return as_number(inner) if isinstance(inner, (int, float)) else None
    if hasattr(type(value), "__float__") and hasattr(value, "as_integer_ratio"):  # Decimal, Fraction
        return float(value)
    return None


def as_numbers(values: Iterable[Any]) -> list[Number]:
    """Return the numbers of a sequence, or an empty list if any of its values is not a number."""
    numbers = []
    for value in values:
        if (number := as_number(value)) is None:
            return []
        numbers.append(number)
    return numbers


def _within_64_bits(value: int) -> Number:
    """Return an integer unchanged if it has at most 64 bits, otherwise the nearest float."""
    if -(2**63) <= value < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf

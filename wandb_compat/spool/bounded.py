"""Bounds values that JSON or a server cannot hold: containers nested too deep, integers with thousands of digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEEPEST = 100  # levels of containers; encoders and servers recurse, and fail at a few hundred
LONGEST_INTEGER = 13_000  # bits, about 3,900 digits: Python converts up to 4,300 digits to text


def bounded(value: Any, levels: int = DEEPEST) -> Any:
    """Return a value in which what exceeds the bounds is a short text; other objects stay as they are.

    Args:
        value: anything; dicts and lists are copied.
        levels: how many levels of containers are kept.
    """
    if isinstance(value, Mapping):
        if levels == 0:
            return f"<{len(value)} values, nested more than {DEEPEST} levels deep>"
        return {key: bounded(inner, levels - 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        if levels == 0:
            return f"<{len(value)} values, nested more than {DEEPEST} levels deep>"
        return [bounded(inner, levels - 1) for inner in value]
    if isinstance(value, int) and value.bit_length() > LONGEST_INTEGER:
        return f"<integer of {value.bit_length()} bits>"
    return value

"""Sizes and spans of time as people write them."""

from __future__ import annotations

import re

Units = list[tuple[str, int]]

POW_10_BYTES: Units = [(f"{letter}B", 10 ** (3 * power)) for power, letter in enumerate(["", *"KMGTPE"])]
POW_2_BYTES: Units = [("B", 1)] + [(f"{letter}iB", 2 ** (10 * power)) for power, letter in enumerate("KMGTPE", 1)]
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "M": 30 * 86400, "y": 365 * 86400}


def to_human_size(size: int, units: Units | None = None) -> str:
    """Return a number of bytes in the largest unit that gives more than one, such as `1.5KB`."""
    name, unit = next((one for one in reversed(units or POW_10_BYTES) if size > one[1]), ("B", 1))
    return f"{size / unit:.1f}{name}"


def from_human_size(size: str, units: Units | None = None) -> int:
    """Return the number of bytes of a size such as `10`, `10B`, `10 KB` or `4.8MiB`; an unknown unit counts as bytes.

    Raises:
        ValueError: it does not begin with a number.
    """
    found = re.match(r"\s*(\d+(?:\.\d+)?)\s*(.*)", size.upper())
    if found is None:
        raise ValueError("size must be of the form `10`, `10B` or `10 B`.")
    known = ((name.upper(), unit) for name, unit in units or POW_10_BYTES)
    return int(float(found[1]) * next((unit for name, unit in known if found[2].startswith(name)), 1))


def time_string_to_seconds(time_str: str) -> int:
    """Return the seconds that `30s`, `5m`, `2h`, `7d`, `1M` (30 days) or `1y` (365 days) represent.

    Raises:
        ValueError: it has another form.
    """
    if (found := re.fullmatch(r"(\d+)([smhdMy])", time_str.strip())) is None:
        raise ValueError(f"{time_str!r} is not a duration: write a number and one of {', '.join(_SECONDS)}, as in `5m`")
    return int(found[1]) * _SECONDS[found[2]]

"""Picks the valid ones of the values that a server keeps of one key and step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def latest_values(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those entries of the server that were logged last for their key and step: it keeps the earlier ones too.

    All values of one call of `log` have one time.
    """
    entries = list(entries)
    newest: dict[tuple[str, int], str] = {}
    for one in entries:
        place = one["logName"], one["step"]
        newest[place] = max(newest.get(place, ""), str(one["time"]))
    return [one for one in entries if str(one["time"]) == newest[one["logName"], one["step"]]]

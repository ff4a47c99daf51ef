"""Splits what is too large for one request to a server, or to a proxy before it, into parts that add up to the same."""

from __future__ import annotations

import json
from typing import Any


def split_row(line: bytes) -> list[bytes]:
    """Return two rows with half of the metrics each, none for a row of a single metric."""
    row = json.loads(line)
    items = list(row["data"].items())
    if len(items) < 2:
        return []
    halves = items[: len(items) // 2], items[len(items) // 2 :]
    return [json.dumps({**row, "data": dict(half)}, separators=(",", ":")).encode() for half in halves]


def split_document(document: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return two objects that merge to the given one; none, and the path of its only value, if it has only one.

    Splits at the outermost object that has several keys.
    """
    path: list[str] = []
    inner: Any = document
    while isinstance(inner, dict) and len(inner) == 1:
        ((key, inner),) = inner.items()
        path.append(key)
    if not isinstance(inner, dict) or not inner:
        return [], path
    items = list(inner.items())
    parts = []
    for half in (items[: len(items) // 2], items[len(items) // 2 :]):
        part: dict[str, Any] = dict(half)
        for key in reversed(path):
            part = {key: part}
        parts.append(part)
    return parts, path

"""Splits what is too large for one request to a server, or to a proxy before it, into parts that add up to the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from wandb_compat.wire.errors import TOO_LARGE, Refused


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


def send_in_parts(document: str, send: Callable[[str], object]) -> list[list[str]]:
    """Send a JSON object that a server merges, in as many requests as it takes.

    Args:
        document: the text of the object.
        send: sends one; raises Refused with status TOO_LARGE for one that is too large.

    Returns:
        The paths of values that are too large for any request.
    """
    try:
        send(document)
    except Refused as error:
        if error.status != TOO_LARGE:
            raise
    else:
        return []
    parts, path = split_document(json.loads(document))
    texts = (json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in parts)
    return [lost for text in texts for lost in send_in_parts(text, send)] if parts else [path]

"""Shortens the boxes of an image that are larger than a server lets announce."""

from __future__ import annotations

import json
from typing import Any


def size_of(text: str) -> int:
    """Return the bytes that a text takes within a JSON document."""
    return len(json.dumps(text))


def fit(text: str, limit: int) -> tuple[str | None, str]:
    """Leave out boxes until annotations fit; all annotations where that does not suffice.

    Args:
        text: JSON text of the annotations: `boxes` and `masks` by layer.
        limit: bytes that they may take within another JSON document.

    Returns:
        The annotations that fit, None if none do, and what was left out, in words; nothing if all fit without blanks.
    """
    try:
        document = json.loads(text)
        layers = {name: layer["box_data"] for name, layer in (document.get("boxes") or {}).items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None, "its annotations"
    total = sum(map(len, layers.values()))
    fitting, kept = None, 0
    low, high = 0, total
    while low <= high:
        middle = (low + high) // 2
        shorter = _dump(_with_share(document, layers, middle, total))
        if size_of(shorter) <= limit:
            fitting, low = shorter, middle + 1
            kept = sum(len(data) * middle // max(total, 1) for data in layers.values())
        else:
            high = middle - 1
    if fitting is None:
        return None, "its annotations"
    return fitting, f"{total - kept} of its {total} boxes" if kept < total else ""


def _with_share(document: dict[str, Any], layers: dict[str, Any], kept: int, total: int) -> dict[str, Any]:
    boxes = {
        name: {**document["boxes"][name], "box_data": data[: len(data) * kept // max(total, 1)]}
        for name, data in layers.items()
    }
    return {**document, "boxes": boxes} if boxes else document


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

"""Merges configurations as a Pluto server does: objects merge, everything else replaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Lists in `config["wandb"]`, and the field that identifies their items: a server replaces lists as a whole.
KEYED_LISTS = {"custom_charts": "key", "metrics": "name"}


def merge(into: dict[str, Any], values: dict[str, Any]) -> None:
    """Merge `values` into a configuration in place."""
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def dict_at(document: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """Return the dict at a path of keys, creating what is missing on the way."""
    for key in path:
        if not isinstance(document.get(key), dict):
            document[key] = {}
        document = document[key]
    return document


def merge_keyed_lists(known: dict[str, Any], config: dict[str, Any]) -> None:
    """Put the items of the KEYED_LISTS of `known` that `config` lacks in front of those of `config`, in place."""
    ours, theirs = config.get("wandb"), known.get("wandb")
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return
    for name, field in KEYED_LISTS.items():
        if isinstance(ours.get(name), list) and isinstance(theirs.get(name), list):
            items = {one.get(field): one for one in (*theirs[name], *ours[name]) if isinstance(one, dict)}
            ours[name] = list(items.values())

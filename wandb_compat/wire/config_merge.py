"""Merges configurations as a Pluto server does: objects merge, everything else replaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

# Lists in `config["wandb"]`, and the field that identifies their items: a server replaces lists as a whole.
KEYED_LISTS = {"custom_charts": "key", "metrics": "name"}
# Field of `config["wandb"]`: paths of the configuration that are null because the script removed them. A null at
# another path is a value of the script.
REMOVED = "removed_config"


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


def null_removed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return `new` with None for each key that `old` has and `new` lacks, also in dicts that are in both."""
    changed = {
        key: null_removed(old[key], value) if isinstance(value, dict) and isinstance(old.get(key), dict) else value
        for key, value in new.items()
    }
    return {**changed, **dict.fromkeys(key for key in old if key not in new)}


def removed_paths(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the paths that `null_removed` sets to None."""
    for key, before in old.items():
        if key not in new:
            yield (key,)
        elif isinstance(before, dict) and isinstance(new[key], dict):
            yield from ((key, *path) for path in removed_paths(before, new[key]))


def without_removed(config: Mapping[str, Any], paths: Iterable[Sequence[str]] | None) -> dict[str, Any]:
    """Return a configuration without the keys that are null because they were removed.

    Args:
        config: not changed.
        paths: the field REMOVED of `config["wandb"]`.
    """
    below: dict[str, list[Sequence[str]]] = {}
    for path in paths or ():
        if path:
            below.setdefault(path[0], []).append(path[1:])
    result = {}
    for key, value in config.items():
        inside = below.get(key, ())
        if value is None and () in map(tuple, inside):
            continue
        result[key] = without_removed(value, inside) if inside and isinstance(value, dict) else value
    return result


def without_nulls(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary without the keys that are null, at any depth: those that were removed."""
    return {
        key: without_nulls(value) if isinstance(value, dict) else value
        for key, value in document.items()
        if value is not None
    }

"""Sends changes of the configuration; keys that a change removes are sent as null, because the server merges dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wandb_compat.wire.config_merge import REMOVED, null_removed, removed_paths


class ConfigChanges:
    """The changes of one run's configuration, and the paths that were removed so far."""

    def __init__(self) -> None:
        self._removed: set[tuple[str, ...]] = set()

    def inherit(self, removed: Iterable[Sequence[str]] | None) -> None:
        """Take over the removed paths of a previous run that this one continues."""
        self._removed.update(map(tuple, removed or ()))

    def document(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the server has to merge for `new` to replace the values of the same keys in `old`.

        Args:
            old: the whole configuration before the change.
            new: the new values by top-level key.
        """
        before = {key: old[key] for key in new if key in old}
        removed = {path for path in self._removed if not _is_set(new, path)} | set(removed_paths(before, new))
        document = null_removed(before, new)
        if removed != self._removed:
            self._removed = removed
            document["wandb"] = {REMOVED: sorted(map(list, removed))}
        return document


def _is_set(values: Any, path: Sequence[str]) -> bool:
    """Return whether new values have something at a path, or replace the dict that the path is in."""
    for key in path:
        if not isinstance(values, dict):
            return True
        if key not in values:
            return False
        values = values[key]
    return True

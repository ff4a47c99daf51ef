"""Merges the values of a logged row into the summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def update_summary(data: Mapping[str, Any], values: Mapping[str, Any], summary: dict[str, Any]) -> None:
    """Merge the values of a row into a summary.

    Args:
        data: the row as it was logged.
        values: the row's values for the summary, nested dicts flattened with `.`; see `convert_row`.
        summary: changed in place. wandb's summary holds the table of a custom chart at the top level under the
            table's own key, even when the chart was logged inside a dict.
    """
    _update(data, values, summary, "", summary)


def _update(
    data: Mapping[str, Any], values: Mapping[str, Any], into: dict[str, Any], prefix: str, top: dict[str, Any]
) -> None:
    for key, value in data.items():
        if isinstance(value, Mapping):
            if not value:
                continue
            nested = into.get(str(key))
            if not isinstance(nested, dict):
                nested = into[str(key)] = {}
            _update(value, values, nested, f"{prefix}{key}.", top)
        elif f"{prefix}{key}" in values:
            entry = values[f"{prefix}{key}"]
            if isinstance(entry, dict) and "table_key" in entry:
                top[entry["table_key"]] = {name: part for name, part in entry.items() if name != "table_key"}
            else:
                into[str(key)] = entry

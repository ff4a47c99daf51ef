"""Stores our part of a run's config under few keys: what grows is one JSON text, and readers take it apart.

Pluto's page offers the 100 newest config keys of a project as columns, filters and groups, and every path in an object
is a key: a summary with media, histograms and tables would leave no place there for the user's own configuration.

Elsewhere in the program a config has the plain form, that of `pluto migrate` and of runs of earlier versions:
`config["wandb"]["summary"]` and `["artifacts"]` are objects. `packed` makes the stored form of an update, `unpacked`
the plain form of what is stored, whichever that is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from wandb_compat.config.limits import STRING_LIMIT
from wandb_compat.wire.config_merge import merge, null_removed
from wandb_compat.wire.exact_numbers import EXACT
from wandb_compat.wire.json_numbers import NAMES, equal_as_stored
from wandb_compat.wire.text import clean_json

SUMMARY = "summary"  # stored: an object with those values that are to be columns and filters
SUMMARY_TEXT = "summary_json"  # stored only: the whole summary
RUNTIME = "_runtime"  # the one of wandb's own values of a summary that is a column
ARTIFACTS = "artifacts"
PACKED = (ARTIFACTS, "used_artifacts", EXACT)  # objects that are stored as JSON text
# Characters of a text; what is longer is stored as an object, which can be sent in several requests.
TEXT_LIMIT = 512 * 1024

_ABSENT = object()


def packed(
    values: Mapping[str, Any], stored: Mapping[str, Any], columns: Collection[str] | None = None
) -> dict[str, Any]:
    """Return the stored form of an update of a run's config.

    Args:
        values: the update in the plain form: objects merge into what is stored.
        stored: the run's config in the stored form, as far as it is known.
        columns: first parts of the paths of the summary whose numbers are stored as columns besides those that are
            already. Others are the last value of a metric, by which a server filters and sorts anyway. None: all.
    """
    ours = values.get("wandb")
    if not isinstance(ours, dict):
        return dict(values)
    known = stored.get("wandb")
    known = known if isinstance(known, dict) else {}
    plain = unpacked(stored).get("wandb")
    plain = plain if isinstance(plain, dict) else {}
    result: dict[str, Any] = {}
    for key, value in ours.items():
        if not isinstance(value, dict) or key not in (*PACKED, SUMMARY):
            result[key] = value
            continue
        whole = _merged(plain.get(key), value)
        text = clean_json(whole, allow_nan=False)
        if len(text) > TEXT_LIMIT:
            result[key] = whole
            if key == SUMMARY and SUMMARY_TEXT in known:
                result[SUMMARY_TEXT] = None
        elif key == SUMMARY:
            result[SUMMARY_TEXT] = text
            if changed := _changed_columns(known, whole, columns):
                result[SUMMARY] = changed
        else:
            result[key] = text
    return {**values, "wandb": result}


def unpacked(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored config in the plain form; what is not a JSON object where one is expected stays as it is."""
    about = config.get("wandb")
    if not isinstance(about, dict):
        return dict(config)
    plain = {key: _parsed(value) if key in PACKED else value for key, value in about.items() if key != SUMMARY_TEXT}
    summary = _parsed(about.get(SUMMARY_TEXT))
    if isinstance(summary, dict):
        plain[SUMMARY] = _with_columns(summary, about.get(SUMMARY))
    return {key: plain if key == "wandb" else value for key, value in config.items()}


def columns_of(config: Mapping[str, Any]) -> list[str] | None:
    """Return what `packed` needs as `columns` for a copy of a stored config; None for one of an earlier version."""
    about = config.get("wandb")
    if not isinstance(about, dict) or SUMMARY_TEXT not in about:
        return None
    columns = about.get(SUMMARY)
    return [key for key, value in columns.items() if value is not None] if isinstance(columns, dict) else []


def filter_by_entry(field: str, key: str, below: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filter for the runs whose part `field` of the config has a key.

    Args:
        field: one of PACKED.
        key: to look for.
        below: by path below the key, where it has one, what a run of an earlier version must have there.
    """
    path = f"config.wandb.{field}"
    stored: dict[str, Any] = {path: {"$regex": re.escape(f"{clean_json(key, allow_nan=False)}:")}}
    return {"$or": [stored, {f"{path}.{key}{inner}": value for inner, value in below.items()}]}


def _merged(into: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    whole = json.loads(json.dumps(into)) if isinstance(into, dict) else {}
    merge(whole, json.loads(json.dumps(values)))
    return whole


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        document = json.loads(value)
    except ValueError:
        return value
    return document if isinstance(document, dict) else value


def _with_columns(summary: dict[str, Any], columns: Any) -> dict[str, Any]:
    """Return a summary with those columns that another client has changed; null marks only what is not a column now."""
    for key, value in columns.items() if isinstance(columns, dict) else ():
        before = summary.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            _with_columns(before, value)
        elif value is not None and not equal_as_stored(before, value):
            summary[key] = value
    return summary


def _changed_columns(
    known: Mapping[str, Any], summary: Mapping[str, Any], names: Collection[str] | None
) -> dict[str, Any]:
    """Return what changes in the columns when the summary is `summary`; null takes a column away."""
    before = known.get(SUMMARY)
    before = before if isinstance(before, dict) else {}
    now = {}
    for key, value in summary.items():
        column = _column(value, before.get(key), numbers=names is None or key in names or key == RUNTIME)
        if column is not None and (key[:1] != "_" or key == RUNTIME):
            now[key] = column
    return {key: value for key, value in null_removed(before, now).items() if before.get(key, _ABSENT) != value}


def _column(value: Any, before: Any, *, numbers: bool) -> Any:
    """Return what is stored of a value as a column, None for nothing; a number that was a column stays one."""
    if isinstance(value, dict):
        if "_type" in value:  # media, a table, a histogram
            return None
        known = before if isinstance(before, dict) else {}
        columns = {key: _column(one, known.get(key), numbers=numbers) for key, one in value.items()}
        return {key: column for key, column in columns.items() if column is not None} or None
    if isinstance(value, str):
        return value if len(value) <= STRING_LIMIT and value not in NAMES else None
    if isinstance(value, bool):
        return value
    is_column = numbers or (before is not None and not isinstance(before, dict))
    return value if is_column and isinstance(value, (int, float)) else None

"""Compares texts, lists, histograms and tables: by value where the server gives them back, else by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wandb_compat.cli.compare_content import Content, kind_of
from wandb_compat.cli.compare_parts import flat
from wandb_compat.cli.compare_report import ABSENT, Part
from wandb_compat.cli.wandb_file import RecordedRun
from wandb_compat.config.limits import STRING_LIMIT
from wandb_compat.convert.histograms import PLUTO_BINS, SUMMARY_BINS, binned_document, histogram_document
from wandb_compat.convert.numbers import as_numbers
from wandb_compat.wire.json_numbers import equal
from wandb_compat.wire.names import stored_keys

NO_ROUTE = "this server does not give texts, histograms and tables back"
SHOWN_ROWS = 10_000  # rows of a table that Pluto shows by default
TABLES = ("table-file", "incremental-table-file")
_KINDS = {"DATA", "HISTOGRAM", "TEXT", "TABLE"}
_SIMPLE = (str, int, float, bool, type(None))

Series = Mapping[str, Mapping[int, list[Any]]]


def compare_documents(
    recorded: RecordedRun, content: Content, numeric: Mapping[str, set[int]], loose: str
) -> tuple[Part, Part]:
    """Compare what is neither a number nor a file: (texts, lists and histograms), and tables.

    Args:
        recorded: wandb's record.
        content: both sides.
        numeric: steps by key at which the value is compared as a number.
        loose: regular expression for names whose values may differ.
    """
    values, tables = Part(loose=loose), Part(loose=loose)
    pluto, series = content.pluto, content.pluto.series()
    known: dict[str, set[int]] = {}
    inner: set[str] = set()
    for step, row in recorded.rows.items():
        for key, value in row.items():
            if step in numeric.get(key, ()) or not _is_document(value):
                continue
            names = stored_keys(key)
            name = next((one for one in names if one in pluto.types), names[0])
            inner.update(names)
            known.setdefault(name, set()).add(step)
            is_table = isinstance(value, dict) and value.get("_type") in TABLES
            part = tables if is_table else values
            if series is None:
                part.check(f"{key} at step {step}", "logged", "logged" if pluto.types.get(name) else ABSENT, "name")
                part.reasons[:] = [NO_ROUTE]
            else:
                there = series.get(name, {}).get(step, [])
                _compare_document(part, f"{key} at step {step}", value, there, content)
    for name, by_step in sorted((series or {}).items()):
        steps = set(by_step) - known.get(name, set())
        if steps and not _is_explained(recorded, name, inner):
            part = tables if "TABLE" in pluto.types.get(name, ()) else values
            part.differ(f"{name} at step {min(steps)}", ABSENT, f"{len(steps)} values", steps=len(steps))
    return values, tables


def _is_document(value: Any) -> bool:
    """Whether wandb's record of a value tells what Pluto must have as a document."""
    if value is None or kind_of(value) is not None:
        return False
    if isinstance(value, str):
        return len(value) <= STRING_LIMIT  # a longer text is in the summary only
    if isinstance(value, dict):
        return value.get("_type") in ("histogram", *TABLES)
    return isinstance(value, list)


def _is_explained(recorded: RecordedRun, name: str, keys: set[str]) -> bool:
    """Whether Pluto's values of a key are ours by design: parts of joined tables, graphs, media in the summary."""
    if any(name.startswith(f"{key}/") for key in keys):
        return True
    values = [*recorded.summary.items(), *(item for row in recorded.rows.values() for item in row.items())]
    for key, value in values:
        if isinstance(value, (dict, list)) and any(
            name == one or name.startswith(f"{one}/") for one in stored_keys(key)
        ):
            return not isinstance(value, dict) or "_type" in value
    return False


def _compare_document(part: Part, what: str, value: Any, there: list[Any], content: Content) -> None:
    if len(there) != 1:
        part.add("value")
        cause = "sent twice" if there else ""
        part.differ(what, _shown(value), f"{len(there)} values" if there else ABSENT, cause)
        return
    if isinstance(value, dict) and value["_type"] in TABLES:
        _compare_table(part, what, value, there[0], content)
    elif isinstance(value, str):
        part.check(what, value.replace("\0", "\ufffd"), there[0])
    else:
        found = _parsed(there[0])
        expected = _expected(value, isinstance(found, dict)) if content.same_run else None
        if _is_other_binning(value, found):
            part.check(f"{what}, number of values", sum(value["values"]), sum(found["freq"]), "count")
        elif expected is None:
            part.add("count")
        elif expected == found or equal(expected, found):
            part.add("value")
        else:
            part.check(what, _shown(value), _shown(found))


def _is_other_binning(value: Any, found: Any) -> bool:
    """Whether wandb has binned a long array, whose numbers are binned more finely for Pluto."""
    if not isinstance(value, dict) or not isinstance(found, dict) or found.get("type") != "Histogram":
        return False
    return len(value.get("values", ())) == SUMMARY_BINS and len(found["freq"]) == PLUTO_BINS


def _expected(value: Any, is_binned: bool) -> Any:
    """Return the document that Pluto must have of a list or histogram, or None if that does not follow from it.

    Args:
        value: as wandb has recorded it.
        is_binned: whether Pluto has a histogram; nested lists of numbers are one if they were arrays.
    """
    try:
        if isinstance(value, list):
            numbers = as_numbers(list(flat(value)) if is_binned else value)
            return json.loads(binned_document(numbers)) if numbers else value
        edges = value.get("bins")
        if edges is None:
            packed = value["packedBins"]
            edges = [packed["min"] + index * packed["size"] for index in range(packed["count"] + 1)]
        return json.loads(histogram_document(value["values"], edges))
    except (TypeError, ValueError, KeyError):
        return None


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _compare_table(part: Part, what: str, value: Mapping[str, Any], text: Any, content: Content) -> None:
    """Compare the cells of a table with wandb's file; its size, if that is gone or the table grows."""
    found = _parsed(text)
    rows = found.get("table") if isinstance(found, dict) else None
    columns = [one.get("name") for one in found.get("col", [])] if isinstance(found, dict) else []
    if not isinstance(rows, list):
        part.check(what, "a table", str(text)[:100])
        return
    path = content.local(str(value.get("path", "")))
    if value["_type"] != TABLES[0] or path is None:
        part.check(f"{what}, columns", value.get("ncols"), len(columns), "count")
        return
    own = json.loads(path.read_bytes())
    part.check(f"{what}, columns", list(map(str, own["columns"])), columns)
    data = own["data"]
    part.check(f"{what}, rows", min(len(data), max(SHOWN_ROWS, len(rows))), len(rows), "count")
    kinds = [str(one.get("dtype")) for one in found["col"]]
    for index, (ours, theirs) in enumerate(zip(data, rows, strict=False)):
        for column, (one, other) in enumerate(zip(ours, theirs, strict=False)):
            if not isinstance(one, _SIMPLE) or (kinds[column : column + 1] or [""])[0][:1].isupper():
                part.add("count")  # media and nested values have another form here
            elif equal(one, other) or str(one) == str(other):
                part.add("value")
            else:
                part.check(f"{what}, row {index}, column {column}", one, other)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)[:200]

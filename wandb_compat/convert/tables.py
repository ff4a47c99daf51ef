"""Turns tables, data frames and custom charts into records.

They are recognised by what they have: the real wandb's objects and ours are read alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from wandb_compat.convert import arrays, media
from wandb_compat.convert.row import Later, Row, plain
from wandb_compat.spool import records, staging
from wandb_compat.wire.json_numbers import finite
from wandb_compat.wire.names import printable

_TAKEN = "_rows_in_pluto"  # attribute of a growing table: how many of its rows have been taken
CELL_SIZE = 64  # bytes that a cell takes in memory, about
_PLAIN: frozenset[type] = frozenset((str, int, float, bool, type(None)))
_NUMPY_SCALAR = re.compile(r"(bool_?|u?int\d+|float(16|32|64)|str_)")

# The charts that Pluto has templates for, by the names that wandb gives them.
PRESETS = {
    "wandb/bar/v0": "bar",
    "wandb/line/v0": "line",
    "wandb/lineseries/v0": "lineseries",
    "wandb/scatter/v0": "scatter",
    "wandb/pr_curve/v0": "pr_curve",
    "wandb/roc_curve/v0": "roc_curve",
    "wandb/area-under-curve/v0": "area-under-curve",
    "wandb/confusion_matrix/v0": "confusion_matrix",
    "wandb/confusion_matrix/v1": "confusion_matrix",
    "wandb/histogram/v0": "histogram",
}


def put(row: Row, key: str, value: Any) -> bool:
    """Take a value into a row if it is a table or a chart.

    Args:
        row: what the logged dict comes to.
        key: the value's key.
        value: anything.

    Returns:
        Whether the value is one of this module's.
    """
    if isinstance(value, (list, tuple)):
        return bool(value) and all(_is_table(one) for one in value) and _put_several(row, key, value)
    kind = getattr(type(value), "_log_type", None)
    if _is_table(value):
        _put_table(row, key, value)
    elif kind == "joined-table":
        _put_join(row, key, value)
    elif kind == "partitioned-table":
        _put_parts(row, key, value)
    elif (chart := _chart_of(value)) is not None:
        _put_chart(row, key, chart)
    elif _is_frame(value):
        _put_frame(row, key, value)
    else:
        return False
    return True


def is_one(value: Any) -> bool:
    """Whether a value is one of this module's."""
    kind = getattr(type(value), "_log_type", None)
    return (
        _is_table(value)
        or kind in ("joined-table", "partitioned-table")
        or _is_frame(value)
        or _chart_of(value) is not None
    )


def _is_frame(value: Any) -> bool:
    return type(value).__name__ == "DataFrame" and hasattr(value, "itertuples")


def _is_table(value: Any) -> bool:
    kind = getattr(type(value), "_log_type", None)
    return kind in ("table", "eval-table") and isinstance(getattr(value, "data", None), list)


def _put_several(row: Row, key: str, tables: Sequence[Any]) -> bool:
    row.summary[key] = [_put_table(row, f"{key}/{index}", table) for index, table in enumerate(tables)]
    return True


def _put_table(row: Row, key: str, table: Any) -> dict[str, Any]:
    """Take a table, return the few words that the summary has of it."""
    mode = getattr(table, "log_mode", None)
    # An account of our own: the real wandb's already says that the rows are logged when they come here.
    first = getattr(table, _TAKEN, 0) if mode == "INCREMENTAL" else 0
    _put_rows(row, key, table.columns, table.data[first:], type(table))
    if mode == "INCREMENTAL":
        setattr(table, _TAKEN, len(table.data))
    if hasattr(table, "_mark_logged"):  # ours; the real wandb does this itself
        table._mark_logged()
    kind = "incremental-table-file" if mode == "INCREMENTAL" else "table-file"
    about = {"_type": kind, "ncols": len(table.columns), "nrows": len(table.data), "log_mode": mode}
    roles = {f"{role}_columns": list(getattr(table, f"_{role}_columns", ())) for role in ("input", "output", "score")}
    about.update({role: names for role, names in roles.items() if names})
    row.summary[key] = about
    return about


def _put_frame(row: Row, key: str, frame: Any) -> None:
    columns = [frame.iloc[:, index].tolist() for index in range(frame.shape[1])]
    _put_rows(row, key, list(frame.columns), list(zip(*columns, strict=True)))
    row.summary[key] = {"_type": "table-file", "ncols": frame.shape[1], "nrows": frame.shape[0]}


def _put_join(row: Row, key: str, join: Any) -> None:
    """Take both tables; Pluto has no joins, so the key is noted in the summary."""
    sides = [(name, getattr(join, f"_{name}", None)) for name in ("table1", "table2")]
    about = {"_type": "joined-table", "join_key": plain(getattr(join, "_join_key", None))}
    for name, table in sides:
        about[name] = _put_table(row, f"{key}/{name}", table) if _is_table(table) else str(table)
        row.summary.pop(f"{key}/{name}", None)
    row.summary[key] = about


def _put_parts(row: Row, key: str, table: Any) -> None:
    parts = getattr(table, "parts_path", "")
    rows = [list(cells) for _, cells in table.iterrows()]
    if rows:
        first = next(iter(table._loaded_part_entries.values()))
        _put_rows(row, key, first.get_part().columns, rows)
    row.summary[key] = {"_type": "partitioned-table", "parts_path": str(parts), "nrows": len(rows)}


@dataclass(slots=True)
class _Chart:
    """A chart: its table, the name of its template, and what goes where; None where the template knows by itself.

    `vega` is the template itself, where it is the user's.
    """

    table: Any
    template: str
    fields: dict[str, Any] | None
    strings: dict[str, Any]
    split: bool
    vega: dict[str, Any] | None


def _chart_of(value: Any) -> _Chart | None:
    """Return what a chart consists of, or None if the value is none."""
    spec = getattr(value, "spec", None)
    if spec is None:  # wandb before 0.19
        table, template = getattr(value, "_data", None), getattr(value, "_id", None)
        fields, strings, split = (
            getattr(value, f"_{name}", None) for name in ("fields", "string_fields", "split_table")
        )
    else:
        table, template = getattr(value, "table", None), getattr(spec, "spec_name", None) or getattr(spec, "name", None)
        fields, strings, split = (getattr(spec, name, None) for name in ("fields", "string_fields", "split_table"))
    if not _is_table(table) or not isinstance(template, str):
        return None
    vega = getattr(spec, "vega", None)
    return _Chart(table, template, None if fields is None else plain(fields), plain(strings or {}), bool(split), vega)


def _put_chart(row: Row, key: str, chart: _Chart) -> None:
    """Take a chart's table, and the chart as `pluto migrate` describes it."""
    # A template that knows its fields lies at the chart's own key, any other table beside it.
    table_key = key if chart.fields is None else f"Custom Chart Tables/{key}_table" if chart.split else f"{key}_table"
    about = _put_table(row, table_key, chart.table)
    preset = PRESETS.get(chart.template)
    row.charts[key] = {
        "key": key,
        "panelDefId": chart.template,
        "preset": preset,
        "title": chart.strings.get("title"),
        "strings": chart.strings,
        "tableKey": printable(table_key),
        "fields": {column: where for column, where in (chart.fields or {}).items() if where is not None},
        "specLang": "vega-lite" if preset or "vega-lite" in str((chart.vega or {}).get("$schema")) else "vega",
        **({"spec": chart.vega} if chart.vega else {}),
    }
    row.summary[key] = {**about, "table_key": printable(table_key)}


def _put_rows(row: Row, key: str, columns: Sequence[Any], rows: Sequence[Any], kind: Any = None) -> None:
    """Take the rows as they are now; documents are made of them later."""
    name = printable(key)
    shown = getattr(kind, "MAX_ROWS", 10_000)
    table = Snapshot([str(column) for column in columns], rows[: getattr(kind, "MAX_ARTIFACT_ROWS", 200_000)])
    for column, cells in table.media.items():
        _put_media(row, f"{key}/{column}", cells)
    document = lambda: [records.Series(row.time, row.step, "TABLE", name, table.document(shown))]  # noqa: E731
    row.others.append((records.Key(name, "TABLE"), Later(document, key, table.size)))
    if len(rows) <= shown:
        return
    whole = printable(f"{key}_complete")
    file = lambda: [table.file(row.home, whole, row.time, row.step)]  # noqa: E731
    row.others.append((records.Key(whole, "FILE"), Later(file, key)))
    row.notices.append(
        f"wandb.log: the table {key!r} has {len(rows)} rows. Pluto shows the first {shown} (wandb.Table.MAX_ROWS);"
        f" {len(table.rows)} are kept in the file of {whole!r}. Further such tables are not mentioned."
    )


def _put_media(row: Row, key: str, cells: list[_MediaCell]) -> None:
    """Take the media of a column as a list of samples, and let each cell name its file."""
    scratch = Row({}, row.step, row.time, row.home)
    try:
        alike = media.put(scratch, key, [cell.value for cell in cells])
    except (OSError, ValueError):  # one of them is a mere reference, or its file is gone
        alike = False
        scratch = Row({}, row.step, row.time, row.home)
    if alike:
        names = _names(scratch.summary, key, len(cells))
    else:
        names = [_put_one(scratch, f"{key}/{index}", cell.value) for index, cell in enumerate(cells)]
    row.others.extend(scratch.others)
    for cell, name in zip(cells, names, strict=True):
        cell.text = f"{name} {cell.text}" if cell.text else name
        cell.value = None


def _put_one(row: Row, key: str, value: Any) -> str:
    try:
        media.put(row, key, value)
    except (OSError, ValueError):
        return str(getattr(value, "_path", key))
    return _names(row.summary, key, 1)[0]


def _names(summary: dict[str, Any], key: str, count: int) -> list[str]:
    """Return the files' names that media have told the summary; what has no file is named by its key."""
    told = summary.get(key)
    if told is None:
        return [printable(f"{key}/{index}") for index in range(count)]
    if isinstance(told, list):
        return [one["path"] for one in told]
    return list(told.get("filenames") or [told.get("path", printable(key))])


@dataclass(slots=True)
class _MediaCell:
    """A medium in a table: itself until its column is taken, its caption, from then on its file's name before that."""

    value: Any
    text: str


class Snapshot:
    """A table as it was when it was logged."""

    def __init__(self, columns: list[str], rows: Sequence[Any]) -> None:
        """Copy what may change.

        Args:
            columns: their names.
            rows: values, one sequence a row.
        """
        self.columns = columns
        self.media: dict[str, list[_MediaCell]] = {}  # of each column, from top to bottom
        self.size = CELL_SIZE * len(columns) * len(rows)  # bytes, about
        self._kinds: dict[int, str] = {}  # of the columns whose cells are not what they were
        self._constant: set[type] = set(_PLAIN)  # classes whose values can be kept as they are
        self.rows = [
            list(cells)
            if self._constant.issuperset(map(type, cells))
            else [self._freeze(one, at) for at, one in enumerate(cells)]
            for cells in rows
        ]

    def _freeze(self, value: Any, at: int) -> Any:
        if _never_changes(type(value)):
            self._constant.add(type(value))
            return value
        if media.kind_of(value) is not None:
            self._kinds[at] = type(value).__name__
            cell = _MediaCell(value, str(getattr(value, "_caption", None) or ""))
            self.media.setdefault(self.columns[at], []).append(cell)
            return cell
        if _is_table(value):
            self._kinds[at] = type(value).__name__
            return plain({"columns": value.columns, "data": value.data})
        if arrays.size(value) is not None and len(value.shape):
            array = arrays.snapshot(value)
            self.size += array.nbytes
            return array
        return plain(value)

    def _kind(self, at: int) -> str:
        """Return the class of a column's first value that is not missing."""
        if at in self._kinds:
            return self._kinds[at]
        first: Any = next((cells[at] for cells in self.rows if at < len(cells) and cells[at] is not None), None)
        if _is_numpy_scalar(type(first)):
            first = first.item()
        return type(first).__name__

    def document(self, limit: int) -> str:
        """Return Pluto's document of the first `limit` rows."""
        columns = [{"name": name, "dtype": self._kind(at)} for at, name in enumerate(self.columns)]
        return _text({"type": "Table", "v": 1, "table": _standard(self.rows[:limit]), "col": columns})

    def file(self, home: Path, key: str, time: int, step: int) -> records.File:
        """Write all rows to a file, in the layout of wandb's `.table.json`."""
        path = staging.new_path(home, ".json")
        path.write_text(_text({"columns": self.columns, "data": _standard(self.rows)}), "utf-8", "replace")
        name = f"{key.rpartition('/')[2]}.{uuid4().hex}.table.json"
        return records.File(time, step, key, name, "json", staging.relative(home, path))


def _never_changes(cls: type) -> bool:
    return issubclass(cls, (str, int, float, type(None))) or _is_numpy_scalar(cls)


def _is_numpy_scalar(cls: type) -> bool:
    return cls.__module__ == "numpy" and _NUMPY_SCALAR.fullmatch(cls.__name__) is not None


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _standard(value: Any) -> Any:
    """Return a value as standard JSON has it: NaN and infinities become their names, arrays lists."""
    if isinstance(value, float):
        return finite(float(value))
    if isinstance(value, list):
        return [one if type(one) in (str, int) else _standard(one) for one in value]
    if isinstance(value, dict):
        return {key: _standard(one) for key, one in value.items()}
    if isinstance(value, _MediaCell):
        return value.text
    if type(value) in _PLAIN:
        return value
    return _standard(value.item() if _is_numpy_scalar(type(value)) else plain(value))

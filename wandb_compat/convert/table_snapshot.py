"""Copies the cells of a table when it is logged, and writes the copy in Pluto's and in wandb's form later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from wandb_compat.convert import arrays, kinds
from wandb_compat.convert.json_values import json_value
from wandb_compat.spool import records, staging
from wandb_compat.wire.json_numbers import finite
from wandb_compat.wire.text import clean_json

CELL_SIZE = 64  # estimated memory of a cell, in bytes
_IMMUTABLE: frozenset[type] = frozenset((str, int, float, bool, type(None)))
_NUMPY_SCALAR = re.compile(r"(bool_?|u?int\d+|float(16|32|64)|str_)")


@dataclass(slots=True)
class MediaCell:
    """A medium in a cell.

    Args:
        value: the medium, until its file is added to the row; then None.
        text: its caption; once the file is added, the file's name before the caption.
    """

    value: Any
    text: str


class TableSnapshot:
    """A table as it was when it was logged.

    Args:
        columns: their names.
        rows: one sequence of values per row.

    Attributes:
        media: cells with media by column name, from top to bottom.
        size: estimated memory, in bytes.
    """

    def __init__(self, columns: list[str], rows: Sequence[Any]) -> None:
        self.columns = columns
        self.media: dict[str, list[MediaCell]] = {}
        self.size = CELL_SIZE * len(columns) * len(rows)
        self._dtypes: dict[int, str] = {}  # of the columns whose cells are no longer the original objects
        self._immutable: set[type] = set(_IMMUTABLE)  # types whose values need no copy
        self.rows = [
            list(cells)
            if self._immutable.issuperset(map(type, cells))
            else [self._freeze(cell, column) for column, cell in enumerate(cells)]
            for cells in rows
        ]

    def _freeze(self, value: Any, column: int) -> Any:
        """Return a copy of a cell that its owner cannot change."""
        if _is_immutable(type(value)):
            self._immutable.add(type(value))
            return value
        kind = kinds.kind_of(value)
        if kind in kinds.MEDIA:
            self._dtypes[column] = type(value).__name__
            cell = MediaCell(value, str(getattr(value, "_caption", None) or ""))
            self.media.setdefault(self.columns[column], []).append(cell)
            return cell
        if kind == "table":
            self._dtypes[column] = type(value).__name__
            return json_value({"columns": value.columns, "data": value.data})
        if arrays.size(value) is not None and len(value.shape):
            array = arrays.snapshot(value)
            self.size += array.nbytes
            return array
        return json_value(value)

    def _dtype(self, column: int) -> str:
        """Return the name of the type of a column's first value that is not None."""
        if column in self._dtypes:
            return self._dtypes[column]
        cells = (cells[column] for cells in self.rows if column < len(cells))
        first: Any = next((cell for cell in cells if cell is not None), None)
        if _is_numpy_scalar(type(first)):
            first = first.item()
        return type(first).__name__

    def document(self, limit: int, first: int = 0) -> str:
        """Return Pluto's document of the first `limit` rows; `first` rows of the table were logged before."""
        columns = [{"name": name, "dtype": self._dtype(column)} for column, name in enumerate(self.columns)]
        document = {"type": "Table", "v": 1, "table": _standard_json(self.rows[:limit]), "col": columns}
        return _dump({**document, records.FIRST_ROW: first} if first else document)

    def file(self, run_dir: Path, key: str, time: int, step: int) -> records.File:
        """Write all rows to a file in the layout of wandb's `.table.json`, and return its record."""
        path = staging.new_path(run_dir, ".json")
        path.write_text(_dump({"columns": self.columns, "data": _standard_json(self.rows)}), "utf-8")
        name = f"{key.rpartition('/')[2]}.{uuid4().hex}.table.json"
        return records.File(time, step, key, name, "json", staging.relative(run_dir, path))


def _is_immutable(cls: type) -> bool:
    return issubclass(cls, (str, int, float, type(None))) or _is_numpy_scalar(cls)


def _is_numpy_scalar(cls: type) -> bool:
    return cls.__module__ == "numpy" and _NUMPY_SCALAR.fullmatch(cls.__name__) is not None


def _dump(document: Any) -> str:
    return clean_json(document, allow_nan=False)


def _standard_json(value: Any) -> Any:
    """Return a value in standard JSON: NaN and infinities become their names, arrays become lists."""
    if isinstance(value, float):
        return finite(float(value))
    if isinstance(value, list):
        return [item if type(item) in (str, int) else _standard_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _standard_json(item) for key, item in value.items()}
    if isinstance(value, MediaCell):
        return value.text
    if type(value) in _IMMUTABLE:
        return value
    return _standard_json(value.item() if _is_numpy_scalar(type(value)) else json_value(value))

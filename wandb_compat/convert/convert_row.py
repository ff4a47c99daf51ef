"""Converts a logged row to records.

Values are recognised by their attributes, never by importing the library that made them; see `kinds.py` and
`arrays.py`. Every other value becomes what wandb's JSON makes of it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any

from wandb_compat.config.limits import STRING_LIMIT
from wandb_compat.convert import arrays, kinds
from wandb_compat.convert.histograms import binned_document, summary_histogram
from wandb_compat.convert.json_values import SMALL_ARRAY, logged_json
from wandb_compat.convert.numbers import Number, as_number, as_numbers
from wandb_compat.convert.row import Row
from wandb_compat.spool import records

SEPARATE_NUMBERS = 8  # a list with at most this many numbers becomes one metric each, a longer one a histogram
BOOLEANS = ("bool", "bool_")  # names of the types of Python and of every version of NumPy


def convert_row(data: Mapping[str, Any], step: int, time: int, run_dir: Path) -> Row:
    """Convert a row.

    Args:
        data: values by key; nested dicts are flattened with `.`.
        step: from 0.
        time: milliseconds since the epoch.
        run_dir: the run directory, which stages files until they are uploaded.

    Raises:
        TypeError: a key is not a string, or a value has a type that cannot be logged.
        ValueError: a value is a reference to a file in external storage.
        OSError: a file that a value names cannot be read.
    """
    row = Row(step, time, run_dir)
    for key, value in data.items():
        if not isinstance(key, str):
            raise TypeError("Key values passed to `wandb.log` must be strings.")
        _add_value(row, key, value)
    return row


def _add_value(row: Row, key: str, value: Any) -> None:
    add = _ADDERS.get(type(value))
    if add is None:
        add = next((add for base, add in _ADDERS.items() if isinstance(value, base)), _add_other)
    add(row, key, value)


def _add_mapping(row: Row, key: str, value: Mapping[Any, Any]) -> None:
    for inner_key, inner in value.items():
        _add_value(row, f"{key}.{inner_key}", inner)


def _add_text(row: Row, key: str, value: str) -> None:
    row.summary[key] = value
    if len(value) <= STRING_LIMIT:  # of a longer text only the latest value is kept, in the summary
        row.add_series(key, "string-series", value, "DATA")


def _add_bool(row: Row, key: str, value: bool) -> None:
    row.add_number(key, int(value))
    row.summary[key] = value


def _add_number(row: Row, key: str, value: Any) -> None:
    number = as_number(value)
    assert number is not None
    row.add_number(key, number)
    row.summary[key] = number


# The order matters for instances of several bases, such as members of `enum.IntEnum`.
_ADDERS: dict[type, Callable[[Row, str, Any], None]] = {
    NoneType: lambda row, key, value: None,
    dict: _add_mapping,
    Mapping: _add_mapping,
    str: _add_text,
    enum.Enum: lambda row, key, value: _add_value(row, key, value.value),
    bool: _add_bool,
    int: _add_number,
    float: _add_number,
}


def _add_other(row: Row, key: str, value: Any) -> None:
    if as_number(value) is not None:
        element = arrays.element(value) if arrays.size(value) == 1 else value
        (_add_bool if isinstance(element, bool) else _add_number)(row, key, element)
    elif isinstance(value, (list, tuple)):
        _add_list(row, key, value)
    elif (size := arrays.size(value)) is not None:
        _add_array(row, key, value, size)
    elif (kind := kinds.kind_of(value)) is not None:
        _add_rich(row, key, value, kind)
    else:
        _add_json(row, key, logged_json(key, value))


def _add_list(row: Row, key: str, values: list[Any] | tuple[Any, ...]) -> None:
    if numbers := as_numbers(values):
        _add_numbers(row, key, numbers)
        if any(kind.__name__ in BOOLEANS for kind in set(map(type, values))):  # the summary keeps their type
            row.summary[key] = [
                bool(value) if type(value).__name__ in BOOLEANS else number
                for value, number in zip(values, numbers, strict=True)
            ]
    elif found := kinds.kinds_of(values):
        _add_rich_list(row, key, values, found)
    else:
        _add_json(row, key, logged_json(key, values))


def _add_numbers(row: Row, key: str, numbers: list[Number]) -> None:
    row.summary[key] = numbers
    if len(numbers) > SEPARATE_NUMBERS:
        row.defer_series(key, "HISTOGRAM", partial(binned_document, numbers), 8 * len(numbers))
    elif len(numbers) == 1:
        row.add_number(key, numbers[0])
    else:
        for index, number in enumerate(numbers):
            row.add_number(f"{key}/{index}", number)


def _add_array(row: Row, key: str, value: Any, size: int) -> None:
    if size == 1:
        _add_value(row, key, arrays.element(value))
        return
    flat = arrays.snapshot(value).reshape(-1)
    if flat.dtype.kind not in "biuf" or not size:
        _add_json(row, key, logged_json(key, arrays.array(value).tolist()))
    elif size <= SEPARATE_NUMBERS:
        _add_numbers(row, key, flat.tolist())
        row.summary[key] = arrays.array(value).tolist()  # in the shape of the array
    else:
        row.defer_series(key, "HISTOGRAM", partial(binned_document, flat), 8 * size)
        row.summary[key] = arrays.array(value).tolist() if size <= SMALL_ARRAY else summary_histogram(flat)


def _add_rich(row: Row, key: str, value: Any, kind: str) -> None:
    from wandb_compat.convert import media, tables  # rows of plain numbers do not need them

    add = tables.ADDERS.get(kind) or media.ADDERS[kind]
    add(row, key, value)


def _add_rich_list(row: Row, key: str, values: list[Any] | tuple[Any, ...], found: list[str]) -> None:
    if kinds.FILE_TYPES.keys() >= set(found):
        from wandb_compat.convert import media

        media.add_samples(row, key, values)
        return
    for index, (value, kind) in enumerate(zip(values, found, strict=True)):  # these cannot be samples of one key
        _add_rich(row, f"{key}/{index}", value, kind)
    row.summary[key] = [row.summary.pop(f"{key}/{index}") for index in range(len(values))]


def _add_json(row: Row, key: str, value: Any) -> None:
    """Add a value that was converted to JSON types."""
    if not isinstance(value, list):
        _add_value(row, key, value)
        if isinstance(value, dict):
            row.summary[key] = value
    elif numbers := as_numbers(value):
        _add_numbers(row, key, numbers)
    else:
        _add_text(row, key, records.dump(value).decode())
        row.summary[key] = value

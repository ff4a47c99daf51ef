"""Turns what scripts log into records: numbers, text and arrays here, media in `media.py`.

Values are recognised by what they have, never by importing the library that made them: a torch, jax or numpy scalar is
anything with one element and `.item()`.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import itertools
import math
import os
import re
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from wandb_compat import records
from wandb_compat.settings import STRING_LIMIT

FEW = 8  # numbers of a list up to which each gets a metric of its own; of more a histogram is drawn
BINS = 64  # of such a histogram, as pluto-ml draws it
_UNPRINTABLE = re.compile(r"[^ -~]")

Number = int | float


class Later:
    """Records whose making is dear: the snapshot is taken, the rest is left to the writer thread.

    `name` is the key under which the value was logged and `size` what the snapshot takes in memory, in bytes.
    """

    __slots__ = ("make", "name", "size")

    def __init__(self, make: Callable[[], Iterable[records.Record]], name: str = "", size: int = 0) -> None:
        self.make = make
        self.name = name
        self.size = size


def printable(name: str) -> str:
    """Return a key or name as Pluto spells it: whatever is not printable ASCII becomes `-`."""
    name = _UNPRINTABLE.sub("-", name)
    return name if name.strip() else "-"


class Row:
    """What one logged dict comes to: numbers for the metrics, the rest as records, and the values for the summary."""

    def __init__(self, data: Mapping[str, Any], step: int, time: int, home: Path) -> None:
        """Convert a row.

        Args:
            data: values by key.
            step: from 0.
            time: milliseconds since the epoch.
            home: the run folder, where files are kept until they are sent.

        Raises:
            TypeError: a key is no string, or a value of a type that cannot be sent.
            ValueError: a value is a reference to a file elsewhere.
            OSError: a file that a value names cannot be read.
        """
        self.step = step
        self.time = time
        self.home = home
        self.numbers: dict[str, Number] = {}
        self.others: list[tuple[records.Key, records.Record | Later]] = []
        self.charts: dict[str, dict[str, Any]] = {}
        self.notices: list[str] = []  # what the user should know
        self.summary: dict[str, Any] = {}
        self._walk("", data)

    def _walk(self, prefix: str, data: Mapping[str, Any]) -> None:
        for key, value in data.items():
            if not isinstance(key, str):
                raise TypeError("Key values passed to `wandb.log` must be strings.")
            self._put(prefix + key, value)

    def _put(self, key: str, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, Mapping):
            self._walk(key + ".", value)
        elif isinstance(value, str):
            self._text(key, value)
        elif (number := _number(value)) is not None:
            self.numbers[printable(key)] = number
            self.summary[key] = bool(value) if isinstance(value, bool) else number
        elif (numbers := _numbers(value)) is not None:
            self._several(key, numbers)
        elif not self._media(key, value):
            self._text(key, _text(key, value))

    def _media(self, key: str, value: Any) -> bool:
        from wandb_compat import media, tables  # not before somebody logs more than numbers

        return tables.put(self, key, value) or media.put(self, key, value)

    def _text(self, key: str, value: str) -> None:
        # Of a longer text only the latest value is kept, in the summary, which goes to the config.
        self.summary[key] = value
        if len(value) <= STRING_LIMIT:
            name = printable(key)
            series = records.Series(self.time, self.step, "string-series", name, value)
            self.others.append((records.Key(name, "DATA"), series))

    def _several(self, key: str, numbers: Any) -> None:
        if len(numbers) <= FEW:
            flat = [number for number in map(_number, numbers) if number is not None]
            self.summary[key] = flat
            names = [key] if len(flat) == 1 else [f"{key}/{index}" for index in range(len(flat))]
            self.numbers.update({printable(name): number for name, number in zip(names, flat, strict=True)})
            return
        name = printable(key)
        make = lambda: [records.Series(self.time, self.step, "HISTOGRAM", name, histogram(numbers))]  # noqa: E731
        self.others.append((records.Key(name, "HISTOGRAM"), Later(make, key, 8 * len(numbers))))


def summarise(data: Mapping[str, Any], values: Mapping[str, Any], into: dict[str, Any], prefix: str = "") -> None:
    """Put the values of a row into a summary; `values` has the dicts of `data` flattened with `.`."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            below = into.get(key)
            if not isinstance(below, dict):
                below = into[key] = {}
            summarise(value, values, below, f"{prefix}{key}.")
        elif prefix + key in values:
            into[key] = values[prefix + key]


def _number(value: Any) -> Number | None:
    """Return the number that a scalar of any library stands for, or None when it is none."""
    if isinstance(value, (bool, int)):
        return _fitting(int(value))
    if isinstance(value, float):
        return float(value)
    item = getattr(value, "item", None)
    if item is None or _size(value) != 1:
        return _exact(value)
    inner = item()
    return None if inner is value or hasattr(inner, "item") else _number(inner)


def _fitting(value: int) -> Number:
    """Return an integer as such if the wire takes it, else as the nearest float."""
    if -(2**63) <= value < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _exact(value: Any) -> Number | None:
    """Return Decimal and Fraction as float."""
    as_float = getattr(type(value), "__float__", None)
    if as_float is None or not hasattr(value, "as_integer_ratio"):
        return None
    return float(value)


def _size(value: Any) -> int | None:
    """Return the number of elements of an array or tensor."""
    shape = getattr(value, "shape", None)
    try:
        return None if shape is None else math.prod(shape)
    except TypeError:
        return None


def _numbers(value: Any) -> Any:
    """Return a snapshot of a list, tuple or array of numbers, as a flat list or array, or None when it is none."""
    if isinstance(value, (list, tuple)):
        return list(value) if value and all(_number(one) is not None for one in value) else None
    if not _size(value):
        return None
    array = value.detach().cpu() if hasattr(value, "detach") else value
    if not hasattr(array, "tolist"):
        return None
    import numpy

    flat = numpy.array(array, copy=True).reshape(-1)
    if flat.dtype.kind not in "biuf":
        return None
    return flat.tolist() if flat.size <= FEW else flat


def histogram(numbers: Any, bins: int = BINS) -> str:
    """Return Pluto's document of a histogram with equal-width bins; NaN and infinities are not counted."""
    import numpy

    values = numpy.asarray(numbers, dtype=float)
    counts, edges = numpy.histogram(values[numpy.isfinite(values)], bins=bins)
    return histogram_document(counts.tolist(), edges.tolist())


def histogram_document(counts: list[Number], edges: list[float]) -> str:
    """Return Pluto's document of a histogram that is already counted; Pluto draws the bins in equal width.

    Edges that are not equally spaced stand beside that, as `edges`.
    """
    document: dict[str, Any] = {
        "freq": counts,
        "maxFreq": max(counts, default=0),
        "bins": {"min": min(edges), "max": max(edges), "num": len(edges) - 1},
        "shape": "uniform",
        "type": "Histogram",
        "v": 1,
    }
    widths = [upper - lower for lower, upper in itertools.pairwise(edges)]
    if widths and max(widths) - min(widths) > 1e-6 * (edges[-1] - edges[0]):
        document["edges"] = edges
    return records.dump(document).decode()


def _text(key: str, value: Any) -> str:
    """Return the text of a value that wandb stores as text; strangers are refused by name, as wandb does."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, (list, tuple, set, frozenset, range)) or _size(value) == 0:
        return records.dump(plain(value)).decode()
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, complex) or isinstance(getattr(value, "item", lambda: None)(), (complex, str)):
        return str(value)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    raise TypeError(
        f"Object of type {type(value).__name__} is not JSON serializable: wandb.log takes no values of type {kind}, as"
        f" logged under {key!r}; log its numbers or its text"
    )


def plain(value: Any) -> Any:
    """Return a configuration value as JSON knows it; never raises, and what JSON has no form for becomes its text.

    Numbers of any library become Python numbers, mappings and dataclasses dicts with string keys, sequences, sets and
    arrays lists. A value that contains itself is cut with `<circular>`.
    """
    return _plain(value, ())


def _plain(value: Any, above: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (str, int)) and not isinstance(value, enum.Enum):
        # Of a subclass the plain value; JSON knows no bound.
        return str(value) if isinstance(value, str) else int(value)
    try:
        if type(value).__name__.startswith("bool") and _size(value) == 1:  # numpy's
            return bool(value)
        if (number := _number(value)) is not None:
            return number
        if id(value) in above:
            return "<circular>"
        return _container(value, (*above, id(value)))
    except Exception:  # an object with a hostile __float__, __iter__… still has to leave a trace
        return _last_resort(value)


def _container(value: Any, above: tuple[int, ...]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one, above) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one, above) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(one, above) for one in value), key=str)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return f"{value.__module__}.{value.__qualname__}"
    if _size(value) is not None and hasattr(value, "tolist"):
        return _plain(value.tolist(), above)
    return str(value)


def _last_resort(value: Any) -> str:
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__qualname__}>"

"""Turns what scripts log into records: numbers, text and arrays here, media in `media.py`.

Values are recognised by what they have, never by importing the library that made them; see `arrays.py`. What is none of
these becomes what wandb's JSON makes of it.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import itertools
import math
import os
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from wandb_compat.config.limits import STRING_LIMIT
from wandb_compat.convert import arrays
from wandb_compat.spool import records
from wandb_compat.wire.names import printable

FEW = 8  # numbers of a list up to which each gets a metric of its own; of more a histogram is drawn
BINS = 64  # of such a histogram, as pluto-ml draws it
MANY = 32  # numbers of an array above which wandb keeps a digest of it, in a list as in the summary

Number = int | float
NUMBERS = frozenset((int, float))  # types of the values that are numbers as they are


class Later:
    """Records whose making is dear: the snapshot is taken, the rest is left to the writer thread.

    `name` is the key under which the value was logged and `size` what the snapshot takes in memory, in bytes.
    """

    __slots__ = ("make", "name", "size")

    def __init__(self, make: Callable[[], Iterable[records.Record]], name: str = "", size: int = 0) -> None:
        self.make = make
        self.name = name
        self.size = size


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
        for key, value in data.items():
            if not isinstance(key, str):
                raise TypeError("Key values passed to `wandb.log` must be strings.")
            self._put(key, value)

    def _put(self, key: str, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, Mapping):
            for inner, one in value.items():
                self._put(f"{key}.{inner}", one)
        elif isinstance(value, str):
            self._text(key, value)
        elif isinstance(value, enum.Enum):
            self._put(key, value.value)
        elif (number := _number(value)) is not None:
            self.numbers[printable(key)] = number
            self.summary[key] = bool(value) if isinstance(value, bool) else number
        elif isinstance(value, (list, tuple)) and (numbers := _numbers(value)):
            self._several(key, numbers)
        elif (size := arrays.size(value)) is not None:
            self._array(key, value, size)
        elif not self._media(key, value):
            self._other(key, _jsonable(key, value))

    def _media(self, key: str, value: Any) -> bool:
        from wandb_compat.convert import media, tables  # not before somebody logs more than numbers

        if tables.put(self, key, value) or media.put(self, key, value):
            return True
        if not isinstance(value, (list, tuple)) or not value or not all(map(_is_rich, value)):
            return False
        for index, one in enumerate(value):  # these have no samples: each gets a key of its own
            self._put(f"{key}/{index}", one)
        self.summary[key] = [self.summary.pop(f"{key}/{index}") for index in range(len(value))]
        return True

    def _text(self, key: str, value: str, shown: Any = None) -> None:
        # Of a longer text only the latest value is kept, in the summary, which goes to the config.
        self.summary[key] = value if shown is None else shown
        if len(value) <= STRING_LIMIT:
            name = printable(key)
            series = records.Series(self.time, self.step, "string-series", name, value)
            self.others.append((records.Key(name, "DATA"), series))

    def _several(self, key: str, numbers: list[Number]) -> None:
        self.summary[key] = numbers
        if len(numbers) > FEW:
            self._histogram(key, numbers)
            return
        names = [key] if len(numbers) == 1 else [f"{key}/{index}" for index in range(len(numbers))]
        self.numbers.update({printable(name): number for name, number in zip(names, numbers, strict=True)})

    def _array(self, key: str, value: Any, size: int) -> None:
        if size == 1:
            self._put(key, arrays.element(value))
            return
        flat = arrays.snapshot(value).reshape(-1)
        if flat.dtype.kind not in "biuf" or not size:
            self._other(key, _jsonable(key, arrays.array(value).tolist()))
        elif size <= FEW:
            self._several(key, flat.tolist())
        else:
            self._histogram(key, flat)
            self.summary[key] = arrays.array(value).tolist() if size <= MANY else _counted(flat)

    def _histogram(self, key: str, numbers: Any) -> None:
        name = printable(key)
        make = lambda: [records.Series(self.time, self.step, "HISTOGRAM", name, histogram(numbers))]  # noqa: E731
        self.others.append((records.Key(name, "HISTOGRAM"), Later(make, key, 8 * len(numbers))))

    def _other(self, key: str, value: Any) -> None:
        """Take what has become JSON."""
        if not isinstance(value, list):
            self._put(key, value)
            if isinstance(value, dict):
                self.summary[key] = value
        elif numbers := _numbers(value):
            self._several(key, numbers)
        else:
            self._text(key, records.dump(value).decode(), value)


def summarise(
    data: Mapping[str, Any],
    values: Mapping[str, Any],
    into: dict[str, Any],
    prefix: str = "",
    top: dict[str, Any] | None = None,
) -> None:
    """Put the values of a row into a summary; `values` has the dicts of `data` flattened with `.`.

    Of a custom chart wandb's summary has the table alone, under the table's own key, also of one in a dict.
    """
    top = into if top is None else top
    for key, value in data.items():
        if isinstance(value, Mapping):
            if not value:
                continue
            below = into.get(str(key))
            if not isinstance(below, dict):
                below = into[str(key)] = {}
            summarise(value, values, below, f"{prefix}{key}.", top)
        elif f"{prefix}{key}" in values:
            told = values[f"{prefix}{key}"]
            if isinstance(told, dict) and "table_key" in told:
                top[told["table_key"]] = {name: one for name, one in told.items() if name != "table_key"}
            else:
                into[str(key)] = told


def _number(value: Any) -> Number | None:
    """Return the number that a scalar of any library stands for, or None when it is none."""
    if isinstance(value, (bool, int)):
        return _fitting(int(value))
    if isinstance(value, float):
        return float(value)
    if arrays.size(value) == 1:
        inner = arrays.element(value)
        return _number(inner) if isinstance(inner, (int, float)) else None
    return _exact(value)


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


def _numbers(values: list[Any] | tuple[Any, ...]) -> list[Number]:
    """Return the numbers of a list, or nothing when not all of its values are some."""
    found = []
    for one in values:
        if (number := _number(one)) is None:
            return []
        found.append(number)
    return found


def histogram(numbers: Any, bins: int = BINS) -> str:
    """Return Pluto's document of a histogram with equal-width bins; NaN and infinities are not counted."""
    import numpy

    return histogram_document(*_binned(numpy.asarray(numbers, dtype=float), bins))


def _binned(values: Any, bins: int) -> tuple[list[Number], list[float]]:
    """Return counts and edges of bins of equal width; of one bin where the numbers' type cannot tell more apart."""
    import numpy

    values = values[numpy.isfinite(values)]
    if values.dtype.name in ("bool", "float16"):  # which numpy's histogram does not take, or only up to 65504
        values = values.astype(numpy.float32)
    try:
        with numpy.errstate(over="raise"):
            counts, edges = numpy.histogram(values, bins=bins)
    except (ValueError, FloatingPointError):
        return [values.size], [values.min().item(), values.max().item()]
    return counts.tolist(), edges.tolist()


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


def _jsonable(key: str, value: Any) -> Any:
    """Return what wandb's JSON makes of a value.

    Raises:
        TypeError: nothing; strangers are refused by name, also those in a list.
    """
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):  # pandas has one that is none: NaT
        return value.isoformat()
    try:
        return to_jsonable_python(value, fallback=lambda one: _foreign(key, one), inf_nan_mode="constants")
    except (PydanticSerializationError, UnicodeError):  # bytes that are no text, in a list
        return plain(value)


def _foreign(key: str, value: Any) -> Any:
    """Return what JSON has for a value that only we know."""
    if (size := arrays.size(value)) is not None:
        if size == 1:
            return arrays.element(value)
        array = arrays.array(value)
        return array.tolist() if size <= MANY or array.dtype.kind not in "biuf" else _counted(array)
    if isinstance(value, range):
        return list(value)
    if callable(value):
        named = hasattr(value, "__qualname__") and hasattr(value, "__module__")
        return f"{value.__module__}.{value.__qualname__}" if named else str(value)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    raise TypeError(
        f"Object of type {type(value).__name__} is not JSON serializable: wandb.log takes no values of type {kind}, as"
        f" logged under {key!r}; log its numbers or its text"
    )


def _counted(array: Any) -> dict[str, Any]:
    counts, edges = _binned(array, MANY)
    return {"_type": "histogram", "values": counts, "bins": edges}


def rich(value: Any) -> bool:
    """Whether a value is a medium, table or figure, or a list of such."""
    if value is None or isinstance(value, (bool, int, float, str, dict)) or arrays.size(value) is not None:
        return False
    return _is_rich(value[0] if isinstance(value, (list, tuple)) and value else value)


def _is_rich(value: Any) -> bool:
    from wandb_compat.convert import media, tables

    return media.kind_of(value) is not None or tables.is_one(value)


def brief(value: Any) -> Any:
    """Return a value for the summary: as `plain`, and of an array of more than MANY numbers what wandb says of it."""
    if (arrays.size(value) or 0) <= MANY:
        return plain(value)
    import numpy

    array = arrays.array(value)
    if array.dtype.kind not in "biuf":
        return plain(value)
    array = array.astype(float)
    parts = {f"{part}%": float(numpy.percentile(array, part)) for part in (10, 25, 75, 90)}
    kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__name__}"
    figures = {name: float(getattr(numpy, name)(array)) for name in ("var", "mean", "min", "max")}
    return {"_type": kind, **figures, **parts, "size": array.size}


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
        if isinstance(value, enum.Enum):
            return value.name
        if (size := arrays.size(value)) is not None:
            inner = arrays.element(value) if size == 1 else None
            return _plain(inner if isinstance(inner, (bool, int, float)) else arrays.array(value).tolist(), above)
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
    if isinstance(value, (list, tuple, range, collections.deque)):
        return [_plain(one, above) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(one, above) for one in value), key=str)
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return f"{value.__module__}.{value.__qualname__}"
    return str(value)


def _last_resort(value: Any) -> str:
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__qualname__}>"

"""Converts Python values to JSON values: for the configuration, for the summary, and for logged rows."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import os
import types
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from wandb_compat.convert import arrays
from wandb_compat.convert.histograms import summary_histogram
from wandb_compat.convert.numbers import as_number

SMALL_ARRAY = 32  # elements up to which wandb writes an array in full; a larger one becomes statistics or a histogram
_DATES = (datetime.datetime, datetime.date, datetime.time)


def json_value(value: Any) -> Any:
    """Return a value in JSON types. Never raises.

    Numbers of any library become Python numbers, mappings and dataclasses become dicts with string keys, and
    sequences, sets and arrays become lists. Everything else becomes its text. A reference to an enclosing container
    becomes `<circular>`.
    """
    return _json_value(value, ())


def summary_value(value: Any) -> Any:
    """Return a value for the summary: like `json_value`, but statistics for an array of more than 32 numbers."""
    if (arrays.size(value) or 0) <= SMALL_ARRAY:
        return json_value(value)
    import numpy

    array = arrays.array(value)
    if array.dtype.kind not in "biuf":
        return json_value(value)
    array = array.astype(float)
    percentiles = {f"{percent}%": float(numpy.percentile(array, percent)) for percent in (10, 25, 75, 90)}
    kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__name__}"
    statistics = {name: float(getattr(numpy, name)(array)) for name in ("var", "mean", "min", "max")}
    return {"_type": kind, **statistics, **percentiles, "size": array.size}


def logged_json(key: str, value: Any) -> Any:
    """Return the JSON value that wandb writes for a logged value.

    Args:
        key: the key that the value was logged under, for the error message.
        value: anything except numbers and media.

    Raises:
        TypeError: wandb cannot write the value, or a value inside it.
    """
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    if isinstance(value, _DATES):  # pandas.NaT is a datetime too, but pydantic refuses it
        return value.isoformat()
    try:
        return to_jsonable_python(value, fallback=lambda inner: _fallback_json(key, inner), inf_nan_mode="constants")
    except (PydanticSerializationError, UnicodeError):  # a list with bytes that are not UTF-8
        return json_value(value)


def _fallback_json(key: str, value: Any) -> Any:
    """Convert a value that pydantic does not know."""
    if (size := arrays.size(value)) is not None:
        if size == 1:
            return arrays.element(value)
        array = arrays.array(value)
        return array.tolist() if size <= SMALL_ARRAY or array.dtype.kind not in "biuf" else summary_histogram(array)
    if isinstance(value, range):
        return list(value)
    if callable(value):
        has_name = hasattr(value, "__qualname__") and hasattr(value, "__module__")
        return _qualified_name(value) if has_name else str(value)
    kind = _qualified_name(type(value))
    raise TypeError(
        f"Object of type {type(value).__name__} is not JSON serializable: wandb.log does not accept values of type"
        f" {kind}, as logged under {key!r}; log its numbers or its text"
    )


def _json_value(value: Any, ancestors: tuple[int, ...]) -> Any:
    """Convert a value; `ancestors` are the ids of the containers around it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (str, int)) and not isinstance(value, enum.Enum):
        # Instances of subclasses become plain values. JSON integers have no bound.
        return str(value) if isinstance(value, str) else int(value)
    try:
        if isinstance(value, enum.Enum):
            return value.name
        if (size := arrays.size(value)) is not None:
            inner = arrays.element(value) if size == 1 else None
            inner = inner if isinstance(inner, (bool, int, float)) else arrays.array(value).tolist()
            return _json_value(inner, ancestors)
        if (number := as_number(value)) is not None:
            return number
        if id(value) in ancestors:
            return "<circular>"
        return _object_json(value, (*ancestors, id(value)))
    except Exception:  # an object whose __float__ or __iter__ raises must still appear in some form
        return _text_or_type(value)


def _object_json(value: Any, ancestors: tuple[int, ...]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    for kinds, convert in _CONVERTERS:
        if isinstance(value, kinds):
            return convert(value, ancestors)
    return str(value)


def _mapping_json(value: Any, ancestors: tuple[int, ...]) -> Any:
    return {str(key): _json_value(item, ancestors) for key, item in value.items()}


def _sequence_json(value: Any, ancestors: tuple[int, ...]) -> Any:
    return [_json_value(item, ancestors) for item in value]


def _set_json(value: Any, ancestors: tuple[int, ...]) -> Any:
    return sorted((_json_value(item, ancestors) for item in value), key=str)


_CONVERTERS: tuple[tuple[Any, Callable[[Any, tuple[int, ...]], Any]], ...] = (
    (Mapping, _mapping_json),
    ((list, tuple, range, collections.deque), _sequence_json),
    ((set, frozenset), _set_json),
    ((bytes, bytearray), lambda value, _: value.decode("utf-8", "replace")),
    (os.PathLike, lambda value, _: os.fspath(value)),
    (_DATES, lambda value, _: value.isoformat()),
    ((type, types.FunctionType, types.BuiltinFunctionType), lambda value, _: _qualified_name(value)),
)


def _qualified_name(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"


def _text_or_type(value: Any) -> str:
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__qualname__}>"

"""Converts Python values to JSON values: for the configuration, for the summary, and for logged rows."""

from __future__ import annotations

import collections
import datetime
import enum
import os
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wandb_compat.convert import arrays
from wandb_compat.convert.histograms import summary_histogram
from wandb_compat.convert.numbers import as_number

# Values are written in full, as wandb's configuration holds them, or refused where JSON has no form for them.
_FULL, _CONFIG, _STRICT, _SUMMARY = "full", "config", "strict", "summary"
_PLAIN = frozenset((int, float, str, bool, type(None)))  # types that are JSON as they are
SMALL_ARRAY = 32  # elements up to which wandb writes an array in full; a larger one becomes statistics or a histogram
_DATES = (datetime.datetime, datetime.date, datetime.time)


def json_value(value: Any) -> Any:
    """Return a value in JSON types. Never raises.

    Numbers of any library become Python numbers, mappings and dataclasses become dicts with string keys, and
    sequences, sets and arrays become lists. Everything else becomes its text. A reference to an enclosing container
    becomes `<circular>`.
    """
    return _json_value(value, (), _FULL)


def config_value(value: Any) -> Any:
    """Return a value in JSON types as wandb's configuration holds it. Never raises.

    Like `json_value`, but an array of more than 32 elements becomes numpy's short text, and Decimal and Fraction
    become text.
    """
    return _json_value(value, (), _CONFIG)


def strict_json_value(value: Any) -> Any:
    """Return a value in JSON types, like `json_value`.

    Raises:
        TypeError: it is, or holds, an object of one of Python's own classes that JSON lacks.
    """
    return _json_value(value, (), _STRICT)


class _NoJson(TypeError):
    """A value has no form in JSON."""


def summary_value(value: Any) -> Any:
    """Return a value that a script sets in the summary, as wandb records it. Never raises.

    Like `json_value`, but an array of more than 32 numbers becomes statistics.
    """
    return _json_value(value, (), _SUMMARY)


def _statistics(value: Any) -> Any:
    """Return what wandb's summary keeps of a large array."""
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
    if type(value) is str:
        return value
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    if isinstance(value, _DATES):  # pandas.NaT is a datetime too, but pydantic refuses it
        return value.isoformat()
    # Late: most runs need neither it nor what it loads.
    from pydantic_core import PydanticSerializationError, to_jsonable_python

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


def _json_value(value: Any, ancestors: tuple[int, ...], form: str) -> Any:
    """Convert a value; `ancestors` are the ids of the containers around it, `form` is one of the above."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (str, int)) and not isinstance(value, enum.Enum):
        # Instances of subclasses become plain values. JSON integers have no bound.
        return str(value) if isinstance(value, str) else int(value)
    try:
        if isinstance(value, enum.Enum):
            return value.name
        if (size := arrays.size(value)) is not None:
            if size > SMALL_ARRAY and form == _CONFIG:
                return str(arrays.array(value))
            if size > SMALL_ARRAY and form == _SUMMARY:
                return _statistics(value)
            inner = arrays.element(value) if size == 1 else None
            inner = inner if isinstance(inner, (bool, int, float)) else arrays.array(value).tolist()
            return _json_value(inner, ancestors, form)
        if (number := as_number(value)) is not None:
            return number if form != _CONFIG or isinstance(value, float) else str(value)
        if id(value) in ancestors:
            return "<circular>"
        return _object_json(value, (*ancestors, id(value)), form)
    except _NoJson:
        raise
    except Exception:  # an object whose __float__ or __iter__ raises must still appear in some form
        return _text_or_type(value)


def _object_json(value: Any, ancestors: tuple[int, ...], form: str) -> Any:
    if not isinstance(value, type) and (fields := _fields_of(value)) is not None:
        value = fields
    for kinds, convert in _CONVERTERS:
        if isinstance(value, kinds):
            return convert(value, ancestors, form)
    if form == _STRICT and type(value).__module__ == "builtins":  # wandb writes the text of objects of other classes
        raise _NoJson(f"Object of type {type(value).__name__} is not JSON serializable")
    return str(value)


def _fields_of(value: Any) -> dict[Any, Any] | None:
    """Return the fields of an object that holds a configuration, or None for every other object.

    These are dataclasses, attrs classes, models of pydantic, namespaces, and containers of ml_collections.
    """
    if hasattr(type(value), "__dataclass_fields__"):
        return {field.name: getattr(value, field.name) for field in sys.modules["dataclasses"].fields(value)}
    if (attributes := getattr(type(value), "__attrs_attrs__", None)) is not None:
        return {attribute.name: getattr(value, attribute.name) for attribute in attributes}
    if any(base.__module__ == "pydantic.main" and base.__name__ == "BaseModel" for base in type(value).__mro__):
        return dict(value)
    if isinstance(value, types.SimpleNamespace) or _is_of_argparse(value):
        return dict(vars(value))
    if type(value).__module__.startswith("ml_collections.") and hasattr(value, "items"):
        return dict(value.items())
    return None


def _is_of_argparse(value: Any) -> bool:
    argparse = sys.modules.get("argparse")  # without it there is no such value
    return argparse is not None and isinstance(value, argparse.Namespace)


def _mapping_json(value: Any, ancestors: tuple[int, ...], form: str) -> Any:
    if type(value).__module__.startswith("omegaconf."):
        return _omegaconf_json(value, ancestors, form)
    return {_key_text(key): _json_value(item, ancestors, form) for key, item in value.items()}


def _key_text(key: Any) -> str:
    """Return the text that a key becomes in wandb's JSON."""
    if isinstance(key, bool):
        return str(key).lower()
    return ",".join(map(_key_text, key)) if isinstance(key, tuple) else str(key)


def _sequence_json(value: Any, ancestors: tuple[int, ...], form: str) -> Any:
    if type(value).__module__.startswith("omegaconf."):
        return _omegaconf_json(value, ancestors, form)
    if _PLAIN.issuperset(map(type, value)):
        return list(value)
    return [_json_value(item, ancestors, form) for item in value]


def _omegaconf_json(value: Any, ancestors: tuple[int, ...], form: str) -> Any:
    """Convert a container of OmegaConf; where an interpolation cannot be resolved, it stays as it was written."""
    omega = sys.modules["omegaconf"].OmegaConf
    try:
        plain = omega.to_container(value, resolve=True)
    except Exception:
        plain = omega.to_container(value, resolve=False)
    return _json_value(plain, ancestors, form)


def _set_json(value: Any, ancestors: tuple[int, ...], form: str) -> Any:
    return sorted((_json_value(item, ancestors, form) for item in value), key=str)


def _slice_json(value: slice, ancestors: tuple[int, ...], form: str) -> Any:
    parts = {"slice_start": value.start, "slice_step": value.step, "slice_stop": value.stop}
    return {name: _json_value(part, ancestors, form) for name, part in parts.items()}


_CONVERTERS: tuple[tuple[Any, Callable[[Any, tuple[int, ...], str], Any]], ...] = (
    (Mapping, _mapping_json),
    ((bytes, bytearray), lambda value, *_: value.decode("utf-8", "replace")),
    (Sequence, _sequence_json),
    (collections.deque, _sequence_json),
    (slice, _slice_json),
    (complex, lambda value, *_: str(value).strip("()")),
    ((set, frozenset), _set_json),
    (os.PathLike, lambda value, *_: os.fspath(value)),
    (_DATES, lambda value, *_: value.isoformat()),
    ((type, types.FunctionType, types.BuiltinFunctionType), lambda value, *_: _qualified_name(value)),
)


def _qualified_name(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"


def _text_or_type(value: Any) -> str:
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__qualname__}>"

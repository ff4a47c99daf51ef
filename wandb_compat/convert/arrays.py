"""Recognises arrays and tensors of any library by their attributes and converts them to numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ARRAY_TYPES: set[type] = set()  # types that were recognised as arrays


def size(value: Any) -> int | None:
    """Return the number of elements of an array, tensor or numpy scalar, or None for any other value."""
    shape = getattr(value, "shape", None)
    if shape is None or not (hasattr(value, "tolist") or hasattr(value, "numpy")):
        return None
    try:
        return int(math.prod(shape))
    except (TypeError, ValueError):  # the shape is not a sequence, or not known yet
        return None


def element(value: Any) -> Any:
    """Return the only element of an array as a Python object, where Python has the type."""
    inner = value.item() if hasattr(value, "item") else array(value).item()
    # `item` returns the value itself for floats of more than 64 bits, and for small floats that numpy lacks.
    return float(inner) if hasattr(inner, "item") and hasattr(inner, "__float__") else inner


def numeric_row(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a row with one-element arrays as Python numbers, or None if it holds anything except numbers."""
    numbers = {}
    for key, value in row.items():
        kind = type(value)
        if kind is not float and kind is not int:
            if kind not in _ARRAY_TYPES and not _is_array(value):
                return None
            try:
                value = value.item()  # raises if there are several elements
            except (RuntimeError, TypeError, ValueError):
                return None
            kind = type(value)
            if kind is not float and kind is not int:
                return None
        numbers[key] = value
    return numbers


def _is_array(value: Any) -> bool:
    """Whether a value is an array; its type is then remembered."""
    found = hasattr(value, "item") and size(value) is not None
    if found:
        _ARRAY_TYPES.add(type(value))
    return found


def array(data: Any) -> NDArray[Any]:
    """Return an array, tensor, list or PIL image as a numpy array, without a copy where possible.

    Types that numpy lacks (bfloat16, 8-bit floats) become float32; masked elements become NaN.
    """
    import numpy

    if hasattr(data, "detach"):  # torch
        data = data.detach().cpu().resolve_conj()
        data = data.to_dense() if str(data.layout) != "torch.strided" else data
        try:
            data = data.numpy()
        except TypeError:
            data = data.float().numpy()
    elif hasattr(data, "numpy"):  # tensorflow, keras
        data = data.numpy()
    if isinstance(data, numpy.ma.MaskedArray) and data.dtype.kind in "biuf":
        data = numpy.where(numpy.ma.getmaskarray(data), math.nan, data.data)
    found: NDArray[Any] = numpy.asarray(data)
    is_foreign = found.dtype.isbuiltin == 2  # a type that jax or tensorflow registered
    return found.astype(numpy.float32) if is_foreign else found


def snapshot(data: Any) -> NDArray[Any]:
    """Return a copy of an array, tensor, list or PIL image as a numpy array."""
    import numpy

    return numpy.array(array(data), copy=True)

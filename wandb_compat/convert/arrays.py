"""Arrays and tensors of any library in numpy's form; recognised by what they have, never by importing who made them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS: set[type] = set()  # types of arrays that have been seen


def size(value: Any) -> int | None:
    """Return the number of elements of an array, tensor or scalar of numpy's kind, or None when it is none."""
    shape = getattr(value, "shape", None)
    if shape is None or not (hasattr(value, "tolist") or hasattr(value, "numpy")):
        return None
    try:
        return int(math.prod(shape))
    except (TypeError, ValueError):  # a shape that is no sequence, or that is not known
        return None


def element(value: Any) -> Any:
    """Return the only element of an array as Python knows it, where Python does."""
    inner = value.item() if hasattr(value, "item") else array(value).item()
    # Of what is longer than a float, or shorter and foreign to numpy, `item` returns itself.
    return float(inner) if hasattr(inner, "item") and hasattr(inner, "__float__") else inner


def numbers(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a row with arrays of one element as Python's numbers, or None where anything else is in it."""
    plain = {}
    for key, value in row.items():
        kind = type(value)
        if kind is not float and kind is not int:
            if kind not in _KINDS and not _is_kind(value):
                return None
            try:
                value = value.item()  # also looks for us whether there are more
            except (RuntimeError, TypeError, ValueError):
                return None
            kind = type(value)
            if kind is not float and kind is not int:
                return None
        plain[key] = value
    return plain


def _is_kind(value: Any) -> bool:
    """Return whether a value is an array, and remember its type."""
    found = hasattr(value, "item") and size(value) is not None
    if found:
        _KINDS.add(type(value))
    return found


def array(data: Any) -> NDArray[Any]:
    """Return an array, tensor, list or PIL image in numpy's form, where possible without a copy.

    What numpy has no type for (bfloat16, floats of 8 bits) becomes float32; what is masked out becomes NaN.
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
    return found.astype(numpy.float32) if found.dtype.isbuiltin == 2 else found  # 2: types of jax and tensorflow


def snapshot(data: Any) -> NDArray[Any]:
    """Return a copy of an array, tensor, list or PIL image in numpy's form."""
    import numpy

    return numpy.array(array(data), copy=True)

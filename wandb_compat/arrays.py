"""Arrays and tensors of any library in numpy's form; recognised by what they have, never by importing who made them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    """Return a row with arrays of no dimension as Python's numbers, or None where anything else is in it."""
    plain = {}
    for key, value in row.items():
        if type(value) is not float and type(value) is not int:
            shape = getattr(value, "shape", None)
            if not isinstance(shape, tuple) or shape or not hasattr(value, "item"):
                return None
            value = value.item()
            if type(value) is not float and type(value) is not int:
                return None
        plain[key] = value
    return plain


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

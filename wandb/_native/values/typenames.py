"""Recognises values of libraries by the names of their types, so that none is imported for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any


def get_full_typename(o: Any) -> str:
    """Return module and name of the type of a value."""
    return f"{type(o).__module__}.{type(o).__qualname__}"


def get_h5_typename(o: Any) -> str:
    """Return the name by which wandb stores a value's type: one for all tensors of a library."""
    name = get_full_typename(o)
    if is_tf_tensor_typename(name):
        return "tensorflow.Tensor"
    return "torch.Tensor" if is_pytorch_tensor_typename(name) else name


def _names(*beginnings: str, parts: tuple[str, ...] = ("",)) -> Any:
    def is_one(typename: str) -> bool:
        return typename.startswith(beginnings) and any(part in typename for part in parts)

    is_one.__doc__ = f"Whether a type's name begins with {' or '.join(beginnings)} and names one of theirs."
    return is_one


is_tf_tensor_typename = _names("tensorflow.", parts=("Tensor", "Variable"))
is_tf_eager_tensor_typename = _names("tensorflow.", parts=("EagerTensor",))
is_pytorch_tensor_typename = _names("torch.", parts=("Tensor", "Variable"))
is_fastai_tensor_typename = _names("fastai.", parts=("Tensor",))
is_jax_tensor_typename = _names("jaxlib.", parts=("Array",))
is_pandas_data_frame_typename = _names("pandas.", parts=("DataFrame",))
is_matplotlib_typename = _names("matplotlib.")
is_plotly_typename = _names("plotly.")
is_plotly_figure_typename = _names("plotly.", parts=(".Figure",))


def is_numpy_array(obj: Any) -> bool:
    """Whether a value is a numpy array."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(obj, numpy.ndarray)


def is_pytorch_tensor(obj: Any) -> bool:
    """Whether a value is a PyTorch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(obj, torch.Tensor)


def is_tf_tensor(obj: Any) -> bool:
    """Whether a value is a TensorFlow tensor."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(obj, tensorflow.Tensor)


def is_pandas_data_frame(obj: Any) -> bool:
    """Whether a value is a pandas DataFrame."""
    return bool(is_pandas_data_frame_typename(get_full_typename(obj)))


def get_jax_tensor(obj: Any) -> Any:
    """Return a jax array as a numpy array."""
    import numpy

    return numpy.asarray(obj)


def ensure_matplotlib_figure(obj: Any) -> Any:
    """Return the matplotlib figure that a figure, `pyplot` or an axes represents.

    Raises:
        ValueError: it is not one of these.
    """
    import matplotlib.figure

    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and obj is pyplot:
        obj = pyplot.gcf()
    elif not isinstance(obj, matplotlib.figure.Figure):
        obj = getattr(obj, "figure", None)
    if not isinstance(obj, matplotlib.figure.Figure):
        raise ValueError("Only matplotlib.pyplot or matplotlib.pyplot.Figure objects are accepted.")
    return obj


def matplotlib_contains_images(obj: Any) -> bool:
    """Whether an axes of a figure shows an image."""
    return any(axes.images for axes in ensure_matplotlib_figure(obj).axes)


def matplotlib_to_plotly(obj: Any) -> Any:
    """Return a matplotlib figure as a plotly figure; plotly must be installed."""
    from plotly.tools import mpl_to_plotly

    return mpl_to_plotly(ensure_matplotlib_figure(obj))


def guess_data_type(shape: Sequence[int], risky: bool = False) -> str | None:
    """Return `label`, `image` or `segmentation_mask` for the shape of an array of samples, or None.

    Args:
        shape: the first dimension counts samples.
        risky: guess more: three dimensions are images.
    """
    if len(shape) in (1, 2):
        return "label"
    if len(shape) == 4:
        return "image" if shape[-1] in (1, 3, 4) else "segmentation_mask"
    return "image" if risky and len(shape) == 3 else None

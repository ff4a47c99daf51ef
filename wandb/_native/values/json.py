"""The JSON forms of values that JSON does not know: arrays, tensors, sets, dates, bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import IO, Any

from wandb._native.values.typenames import get_full_typename, is_numpy_array, is_pandas_data_frame
from wandb.sdk.lib import json_util
from wandb_compat.convert.json_values import SMALL_ARRAY, json_value
from wandb_compat.wire.json_numbers import finite

VALUE_BYTES_LIMIT = 100000  # wandb's limit for one value of the summary


def json_friendly(obj: Any, *, preserve_numpy_nan: bool = False) -> tuple[Any, bool]:
    """Return a value in a form nearer to JSON, and whether that is another one.

    Args:
        obj: any value; arrays of up to 32 numbers become lists, larger ones stay arrays.
        preserve_numpy_nan: leave NaN what it is, where numpy's NaN would become a text.
    """
    if isinstance(obj, (set, frozenset)):
        return tuple(obj), True
    if isinstance(obj, Enum):
        return obj.name, True
    if isinstance(obj, bytes):
        return obj.decode("utf-8"), True
    if isinstance(obj, (datetime, date)):
        return obj.isoformat(), True
    if callable(obj) and isinstance(obj, type):
        return f"{obj.__module__}.{obj.__qualname__}", True
    if hasattr(obj, "tolist"):
        array = obj.detach().cpu().numpy() if hasattr(obj, "detach") else obj
        if getattr(array, "size", 1) > SMALL_ARRAY and is_numpy_array(array):
            return array, True
        value = array.tolist()
        if isinstance(value, float) and math.isnan(value) and not preserve_numpy_nan:
            return finite(value), True
        return value, True
    if hasattr(obj, "numpy"):
        return json_friendly(obj.numpy(), preserve_numpy_nan=preserve_numpy_nan)[0], True
    return obj, False


def json_friendly_val(val: Any) -> Any:
    """Return a value as the configuration holds it; NaN is None."""
    return None if isinstance(val, float) and math.isnan(val) else json_value(val)


def make_safe_for_json(obj: Any) -> Any:
    """Return a value in which NaN and infinities are texts."""
    if isinstance(obj, Mapping):
        return {key: make_safe_for_json(value) for key, value in obj.items()}
    if isinstance(obj, str) or not isinstance(obj, (Sequence, float)):
        return obj
    if isinstance(obj, Sequence):
        return [make_safe_for_json(value) for value in obj]
    return finite(obj)


def make_json_if_not_number(v: Any) -> int | float | str:
    """Return a number as it is and the JSON of anything else."""
    return v if isinstance(v, (int, float)) else json_util.dumps(v)


def maybe_compress_history(obj: Any) -> tuple[Any, bool]:
    """Return the histogram of a large array, and whether it is one."""
    if is_numpy_array(obj) and obj.size > SMALL_ARRAY:
        from wandb.sdk.data_types.histogram import Histogram

        return Histogram(obj, num_bins=SMALL_ARRAY).to_json(), True
    return obj, False


def maybe_compress_summary(obj: Any, h5_typename: str) -> tuple[Any, bool]:
    """Return the digest of a large array as the summary has it, and whether it is one."""
    if is_numpy_array(obj) and obj.size > SMALL_ARRAY:
        return {
            "_type": h5_typename,
            "var": obj.var().item(),
            "mean": obj.mean().item(),
            "min": obj.min().item(),
            "max": obj.max().item(),
            "10%": _percentile(obj, 10),
            "25%": _percentile(obj, 25),
            "75%": _percentile(obj, 75),
            "90%": _percentile(obj, 90),
            "size": obj.size,
        }, True
    return obj, False


def _percentile(array: Any, part: int) -> float:
    import numpy

    return float(numpy.percentile(array, part))


class WandBJSONEncoder(json.JSONEncoder):
    """Knows arrays and tensors; of large ones it keeps the digest of the summary."""

    def default(self, obj: Any) -> Any:
        """Return the form of a value that JSON does not know."""
        if hasattr(obj, "json_encode"):
            return obj.json_encode()
        typename = "pandas.DataFrame" if is_pandas_data_frame(obj) else get_full_typename(obj)
        return self._form(*json_friendly(obj, preserve_numpy_nan=True), typename)

    def _form(self, value: Any, converted: bool, typename: str) -> Any:
        value, compressed = maybe_compress_summary(value, typename)
        return value if converted or compressed else super().default(value)


class WandBJSONEncoderOld(WandBJSONEncoder):
    """As `WandBJSONEncoder`, from which it differed before 0.10."""


class WandBHistoryJSONEncoder(json.JSONEncoder):
    """Knows arrays and tensors; of large ones it draws a histogram."""

    def default(self, obj: Any) -> Any:
        """Return the form of a value that JSON does not know."""
        value, converted = json_friendly(obj, preserve_numpy_nan=True)
        value, _ = maybe_compress_history(value)
        return value if converted else super().default(value)


class JSONEncoderUncompressed(json.JSONEncoder):
    """Knows numpy's arrays and numbers, and writes all of them."""

    def default(self, obj: Any) -> Any:
        """Return the form of a value that JSON does not know."""
        return obj.tolist() if hasattr(obj, "tolist") else super().default(obj)


def json_dumps_safer(obj: Any, **kwargs: Any) -> str:
    """Return JSON, `json.dumps`' arguments; arrays, tensors, sets, bytes and dates have a form.

    Raises:
        TypeError: something else is in it.
    """
    return json_util.dumps(obj, **{"cls": WandBJSONEncoder, **kwargs})


def json_dumps_safer_history(obj: Any, **kwargs: Any) -> str:
    """Return JSON; large arrays become histograms."""
    return json_util.dumps(obj, cls=WandBHistoryJSONEncoder, **kwargs)


def json_dump_safer(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Write `json_dumps_safer` to a file."""
    fp.write(json_dumps_safer(obj, **kwargs))


def json_dump_uncompressed(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Write JSON to a file, arrays whole."""
    json_util.dump(obj, fp, cls=JSONEncoderUncompressed, **kwargs)

"""Bins numbers and writes Pluto's histogram document."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from wandb_compat.convert.numbers import Number
from wandb_compat.spool import records

PLUTO_BINS = 64  # bins of the histogram of a logged list or array; pluto-ml uses the same number
SUMMARY_BINS = 32  # bins of the histogram that the summary shows for a logged array, as in wandb


def binned_document(numbers: Any, bins: int = PLUTO_BINS) -> str:
    """Bin numbers in equal widths and return Pluto's histogram document.

    Args:
        numbers: sequence or one-dimensional array; NaN and infinities are not counted.
        bins: number of bins.
    """
    import numpy

    return histogram_document(*_binned(numpy.asarray(numbers, dtype=float), bins))


def histogram_document(counts: Sequence[Number], edges: Sequence[float]) -> str:
    """Return Pluto's histogram document for bins that are already counted.

    Pluto draws all bins with equal width. Unequal edges are kept in the extra field `edges`.

    Args:
        counts: number of values in each bin.
        edges: bounds of the bins, one more than `counts`.
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


def summary_histogram(array: Any) -> dict[str, Any]:
    """Return the histogram that wandb's summary holds for an array with more than 32 numbers."""
    counts, edges = _binned(array, SUMMARY_BINS)
    return {"_type": "histogram", "values": counts, "bins": edges}


def _binned(values: Any, bins: int) -> tuple[list[Number], list[float]]:
    """Return counts and edges of equal-width bins, or one bin if the dtype cannot distinguish that many edges."""
    import numpy

    values = values[numpy.isfinite(values)]
    if values.dtype.name in ("bool", "float16"):  # numpy.histogram refuses bool, and float16 above 65504
        values = values.astype(numpy.float32)
    try:
        with numpy.errstate(over="raise"):
            counts, edges = numpy.histogram(values, bins=bins)
    except (ValueError, FloatingPointError):
        return [values.size], [values.min().item(), values.max().item()]
    return counts.tolist(), edges.tolist()

"""`wandb.Histogram`."""

from __future__ import annotations

from typing import Any

from wandb.sdk.data_types.base_types.wb_value import WBValue


class Histogram(WBValue):
    """Counts of values in bins: `histogram` has the counts, `bins` the edges, one more than counts.

    In Pluto: a histogram; bins of unequal width are drawn in equal width, their edges are kept beside that.

    Example:
        >>> wandb.Histogram([1, 2, 2, 3], num_bins=3).histogram
        [1, 2, 1]
    """

    MAX_LENGTH = 512

    _log_type = "histogram"

    def __init__(self, sequence: Any = None, np_histogram: Any = None, num_bins: int = 64) -> None:
        """Count values.

        Args:
            sequence: numbers, as a list, array or tensor.
            np_histogram: (counts, edges), as numpy.histogram returns them, instead of `sequence`.
            num_bins: number of bins for `sequence`, 512 at most.

        Raises:
            ValueError: more than 512 bins, counts and edges that do not fit, or numbers that are not finite.
            TypeError: there is nothing to count.
        """
        super().__init__()
        if np_histogram:
            if len(np_histogram) != 2:
                raise ValueError(
                    "Expected np_histogram to be a tuple of (values, bin_edges) or sequence to be specified"
                )
            self.histogram, self.bins = (one.tolist() if hasattr(one, "tolist") else list(one) for one in np_histogram)
        else:
            import numpy

            from wandb_compat.convert import arrays

            counts, edges = numpy.histogram(arrays.array(sequence), bins=num_bins)
            self.histogram, self.bins = counts.tolist(), edges.tolist()
        if len(self.histogram) > self.MAX_LENGTH:
            raise ValueError(f"The maximum length of a histogram is {self.MAX_LENGTH}, not {len(self.histogram)}")
        if len(self.histogram) + 1 != len(self.bins):
            raise ValueError(
                f"len(bins) must be len(histogram) + 1: there are {len(self.bins)} edges for {len(self.histogram)} bins"
            )

    def to_json(self, run: Any = None) -> dict[str, Any]:
        """Return the JSON form."""
        return {"_type": self._log_type, "values": self.histogram, "bins": self.bins}

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Histogram:
        """Return the histogram of a JSON form."""
        return cls(np_histogram=(json_obj["values"], json_obj["bins"]))

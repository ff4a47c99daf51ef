"""Keeps a sample of the rows that a run has written, from which its end draws the history of each metric."""

from __future__ import annotations

import random

from wandb_compat.spool import records

SAMPLE_SIZE = 1024  # rows; the sample holds half as many to as many once the run is longer
_ROW = b"row "


class RowSample:
    """Encoded rows in the order in which they were written: all of a short run, evenly spread ones of a long run.

    Of each stretch of `_stride` records one is kept, at random, so that metrics that are logged at a fixed interval
    are met as well. Nothing is decoded before `series`.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._stride = 1
        self._skip = 0  # records until the next one that is kept

    def add(self, lines: list[bytes]) -> None:
        """Take records that were written, of any kind."""
        at = self._skip
        while at < len(lines):
            if lines[at].startswith(_ROW):
                self._lines.append(lines[at])
                if len(self._lines) > SAMPLE_SIZE:
                    del self._lines[::2]
                    self._stride *= 2
            at += 1 if self._stride == 1 else random.randrange(1, 2 * self._stride)
        self._skip = at - len(lines)

    def series(self) -> dict[str, list[float]]:
        """Return the values of each metric, by name, in the order in which they were logged."""
        values: dict[str, list[float]] = {}
        for line in self._lines:
            for name, value in records.decode(line)[1]["data"].items():
                values.setdefault(name, []).append(value)
        return values

"""Points that arrived since their series were downsampled; kept in memory under the store's write lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

NEVER = 2**63  # a step that no point has
UNKNOWN = 2**62  # points: unknown, enough to check the series


class DownsamplingBacklog:
    """Counts new points and detects those in the range that is already downsampled.

    Attributes:
        covered: the step up to which each series is downsampled.
        batches: number of batches of points received.
    """

    def __init__(self, covered: dict[int, int], waiting: dict[int, int]) -> None:
        self.covered = covered
        self.batches = 0
        self._waiting = waiting
        self._lowest: dict[int, int] = {}

    @classmethod
    def load(cls, connection: sqlite3.Connection) -> DownsamplingBacklog:
        """Return the backlog of a folder that is being opened: the number of waiting points is unknown."""
        every = connection.execute(
            "SELECT id, (SELECT last FROM thin WHERE series = series.id AND level = 0 ORDER BY first DESC LIMIT 1)"
            " FROM series"
        ).fetchall()
        covered = {row[0]: row[1] for row in every if row[1] is not None}
        return cls(covered, {row[0]: UNKNOWN for row in every})

    def add_points(self, connection: sqlite3.Connection, series: int, steps: Sequence[int]) -> None:
        """Record the steps of new points; delete the chunks that they invalidate."""
        self.batches += 1
        self._waiting[series] = self._waiting.get(series, 0) + len(steps)
        first = min(steps)
        if first < self._lowest.get(series, NEVER):
            self._lowest[series] = first
        if first <= self.covered.get(series, -1):
            connection.execute("DELETE FROM thin WHERE series = ? AND last >= ?", (series, first))
            left = connection.execute("SELECT max(last) FROM thin WHERE series = ? AND level = 0", (series,)).fetchone()
            self.covered[series] = -1 if left[0] is None else left[0]
            self._waiting[series] = UNKNOWN

    def forget(self, series: int) -> None:
        """Forget a series that was removed; its number can be given again."""
        for kept in (self.covered, self._waiting, self._lowest):
            kept.pop(series, None)

    def start_round(self, enough: int) -> list[int]:
        """Return the series with enough waiting points, and start tracking what arrives."""
        self._lowest.clear()
        return [series for series, count in self._waiting.items() if count >= enough]

    def changed_below(self, series: int, last: int) -> bool:
        """Return whether a point may have arrived at or below a step since the round started."""
        return self._lowest.get(series, NEVER) <= last

    def complete(self, done: Mapping[int, tuple[int, int]]) -> None:
        """Record what was downsampled: points and last step of each series; 0 points mean that none were waiting."""
        for series, (points, last) in done.items():
            if points:
                self.covered[series] = last
                self._waiting[series] -= points
            else:
                self._waiting[series] = 0

"""What has come to the metrics since they were thinned; kept in memory, under the store's write lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

NEVER = 2**63  # a step that no point has
UNKNOWN = 2**62  # points: more than enough to go and look


class News:
    """Counts new points and notices those that fall where the series has been thinned already.

    Attributes:
        covered: up to which step each series has been thinned.
        batches: how often points came for a series.
    """

    def __init__(self, covered: dict[int, int], waiting: dict[int, int]) -> None:
        self.covered = covered
        self.batches = 0
        self._waiting = waiting
        self._lowest: dict[int, int] = {}

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> News:
        """Return the news of a folder that is being opened: nobody knows how many points wait in which series."""
        every = connection.execute(
            "SELECT id, (SELECT last FROM thin WHERE series = series.id AND level = 0 ORDER BY first DESC LIMIT 1)"
            " FROM series"
        ).fetchall()
        covered = {row[0]: row[1] for row in every if row[1] is not None}
        return cls(covered, {row[0]: UNKNOWN for row in every})

    def arrive(self, connection: sqlite3.Connection, series: int, steps: Sequence[int]) -> None:
        """Note at which steps points are being stored; what they make wrong is dropped."""
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

    def begin(self, enough: int) -> list[int]:
        """Return the series in which so many points wait; from now on it is watched what comes to them."""
        self._lowest.clear()
        return [series for series, count in self._waiting.items() if count >= enough]

    def disturbed(self, series: int, last: int) -> bool:
        """Return whether a point may have come at or below a step since the turn began."""
        return self._lowest.get(series, NEVER) <= last

    def keep(self, done: Mapping[int, tuple[int, int]]) -> None:
        """Note what is being thinned: of each series how many points, and up to which step; 0 are all there were."""
        for series, (points, last) in done.items():
            if points:
                self.covered[series] = last
                self._waiting[series] -= points
            else:
                self._waiting[series] = 0

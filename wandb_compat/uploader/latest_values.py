"""Finds values that a later one replaced within the same step: a server would keep and show all of them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable

from wandb_compat.spool.records import FIRST_ROW

REMEMBERED = 10_000  # keys and steps whose newest time is known
# Time, step and key at the beginning of a document, as `records.encode` writes it.
_TEXT = rb'"(?:[^"\\]|\\.)*"'
_HEADS = {
    "data": re.compile(
        rb'\{"time":\s?(\d+),\s?"step":\s?(\d+),\s?"dataType":\s?"[^"]*",\s?"logName":\s?(' + _TEXT + rb")"
    ),
    "files": re.compile(rb'\{"time":\s?(\d+),\s?"step":\s?(\d+),\s?"key":\s?(' + _TEXT + rb")"),
}
_ADDS = re.compile(rb'\\"' + FIRST_ROW.encode() + rb'\\":|"adds":\s?true')  # at the end of a document


class LatestValues:
    """The newest time at which each key was logged at a step; may be used by several threads.

    All values of one call of `log` have one time, and no two calls at one step have the same.
    """

    def __init__(self, *, keep_all: bool = False) -> None:
        """Know nothing yet; with `keep_all` no value replaces another."""
        self._keep_all = keep_all
        self._newest: dict[tuple[bytes, bytes], int] = {}
        self._lock = threading.Lock()

    def note(self, lane: str, lines: Iterable[bytes]) -> None:
        """Take note of records that the journal holds."""
        if lane not in _HEADS or self._keep_all:
            return
        with self._lock:
            for line in lines:
                if (head := _head(lane, line)) is not None and not _adds(line):
                    key, time = head
                    if time > self._newest.get(key, -1):
                        self._newest.pop(key, None)  # so that the newest come last
                        self._newest[key] = time
            while len(self._newest) > REMEMBERED:
                del self._newest[next(iter(self._newest))]

    def current(self, lane: str, lines: list[bytes]) -> list[bytes]:
        """Return the records that no later one has replaced."""
        if lane not in _HEADS or self._keep_all:
            return lines
        with self._lock:
            return [line for line in lines if not self._is_outdated(lane, line)]

    def _is_outdated(self, lane: str, line: bytes) -> bool:
        head = _head(lane, line)
        return head is not None and head[1] < self._newest.get(head[0], -1)


def _head(lane: str, line: bytes) -> tuple[tuple[bytes, bytes], int] | None:
    found = _HEADS[lane].match(line)
    return None if found is None else ((found[3], found[2]), int(found[1]))


def _adds(line: bytes) -> bool:
    """Whether a record adds to what was logged before: rows to a table, or their files."""
    return _ADDS.search(line, max(0, len(line) - 100)) is not None

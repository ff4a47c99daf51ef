"""Reads back what a Pluto server has stored of one run: steps and values of metrics, console lines, files."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NamedTuple

from wandb_compat.wire.client import Client
from wandb_compat.wire.errors import Refused

# Rows between two steps that are asked for, up to which both are asked for in one request: a request costs as much as
# the answer's 500 rows.
DENSE = 500
READ_LIMIT = 20_000  # rows in one answer, 2 MB
CONSOLE_PAGE = 10_000  # lines in one answer
LISTED = 1000  # files in one answer
FEW_KEYS = 3  # keys of files up to which each is asked for alone, and not the whole run

Line = tuple[int, str, str]  # number, type and text of a console line


class Probe(NamedTuple):
    """A step to ask for, and how many rows up to the next one are not asked for."""

    step: int
    between: int = 0


def line_of(document: bytes) -> Line:
    """Return what tells a console line from others."""
    fields = json.loads(document)
    return int(fields["lineNumber"]), str(fields["logType"]), str(fields["message"])


def take(stored: Counter[Line], line: bytes) -> bool:
    """Whether a console line is among the stored ones; each of those counts once."""
    key = line_of(line)
    if stored[key] > 0:
        stored[key] -= 1
        return True
    return False


def ranges(probes: list[Probe]) -> list[tuple[int, int]]:
    """Return the ranges of steps to ask for: neighbours together, each within what one answer should hold."""
    found: list[tuple[int, int]] = []
    rows = 0
    between = DENSE
    for step, after in sorted(probes):
        if found and between < DENSE and rows + between < READ_LIMIT:
            found[-1] = found[-1][0], step
            rows += between + 1
        else:
            found.append((step, step))
            rows = 1
        between = after
    return found


class StoredRun:
    """What the server has stored of a run.

    Every method raises WireError when the server does not answer, and Refused when it has no such route.
    """

    def __init__(self, client: Client, run: int, project: str) -> None:
        self.client = client
        self._run = run
        self._project = project
        self._many_files = False  # whether the run has more files than one answer holds

    def exists(self) -> bool:
        """Whether the server has the run at all."""
        try:
            self.client.details(self._run, self._project)
        except Refused as error:
            if error.status == 404:
                return False
            raise
        return True

    def steps(self, metric: str, probes: list[Probe]) -> set[int]:
        """Return the steps of a metric that are stored, among others at least those that are asked for."""
        return {step for first, last in ranges(probes) for step in self.values(metric, first, last)}

    def values(self, metric: str, first: int, last: int) -> dict[int, float]:
        """Return the stored values of a metric from one step to another."""
        return self.client.raw_values(self._run, self._project, metric, first, last)

    def console(self, first: int) -> Counter[Line]:
        """Return the stored console lines from a number on, with how often each is there."""
        offset = max(0, first - 1)  # at least so many lines come before, unless some are lost: then step back
        page, total = self._page(offset)
        while offset and (not page or int(page[0]["lineNumber"]) > first):
            offset = max(0, min(offset, total) - CONSOLE_PAGE)
            page, total = self._page(offset)
        found: Counter[Line] = Counter()
        while page:
            found.update((int(one["lineNumber"]), str(one["logType"]), str(one["message"])) for one in page)
            offset += len(page)
            page = self._page(offset)[0] if offset < total else []
        return found

    def _page(self, offset: int) -> tuple[list[dict[str, Any]], int]:
        return self.client.console(self._run, self._project, CONSOLE_PAGE, offset)

    def files(self, keys: list[str]) -> tuple[Counter[tuple[str, str]], set[str]]:
        """Return the files that are listed by key and name, and the keys that have more than one answer holds."""
        if len(keys) > FEW_KEYS and not self._many_files:
            page = self.client.files(self._run, self._project)
            self._many_files = len(page) >= LISTED
            if not self._many_files:
                return Counter((str(one.get("logName")), str(one.get("fileName"))) for one in page), set()
        stored: Counter[tuple[str, str]] = Counter()
        full: set[str] = set()
        for key in keys:
            page = self.client.files(self._run, self._project, logName=key)
            stored.update((key, str(one.get("fileName"))) for one in page)
            if len(page) >= LISTED:
                full.add(key)
        return stored, full

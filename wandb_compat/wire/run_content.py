"""What a server holds of a run, in the forms in which a client sent it: the common ground of all copies of runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

Mark = dict[str, Any]  # how far a copy has read what is only added to; its content is the reader's own
Line = dict[str, Any]  # a document of `/ingest/metrics`, `/ingest/data` or `/ingest/logs`


class DamagedRun(Exception):
    """A part of a run cannot be read; the message names the file and the place in it."""


@dataclass(slots=True)
class RunFields:
    """A run without what it logged. Times are milliseconds since the epoch.

    `id` is the external id, empty for a run without one. `config` is in the form in which the server stores it.
    `parent` is the number of the run that it is forked from. `version` changes whenever the run does.
    """

    number: int
    project: str
    id: str
    display_id: str
    name: str
    status: str
    created: int
    ended: int | None
    version: str
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    reason: dict[str, Any] | None = None  # the metadata of the status
    notes: str | None = None
    parent: int | None = None
    fork_step: int | None = None


class FileEntry(NamedTuple):
    """A file of a run as it was announced; `sample` is its place in a list."""

    key: str
    name: str
    type: str
    time: int
    step: int
    sample: int
    caption: str | None
    annotations: str | None


class RunReader(Protocol):
    """Reads the runs of a server, or of what a server has left on disk."""

    lacks: list[str]  # what it cannot give of a run, in words

    def runs(self) -> Iterator[RunFields | DamagedRun]:
        """Yield all runs in the order of their numbers, and what is wrong with those that cannot be read."""

    def mark(self, number: int) -> Mark:
        """Return how far a run can be read now."""

    def keys(self, number: int) -> list[tuple[str, str]]:
        """Return the registered keys of a run, and the type of each."""

    def rows(self, number: int) -> Iterator[Line]:
        """Yield the numbers of a run, those of one step and time together or one metric after the other."""

    def values(self, number: int, after: Mark) -> Iterator[Line]:
        """Yield texts, histograms, tables and other documents that came after a mark."""

    def console(self, number: int, after: Mark) -> Iterator[Line]:
        """Yield the console lines that came after a mark."""

    def files(self, number: int, after: Mark) -> Iterator[FileEntry]:
        """Yield the files that were announced after a mark."""

    def fetch(self, number: int, file: FileEntry, folder: Path) -> Path | None:
        """Return a path with the bytes of a file, which is only read; None if they were never uploaded.

        Args:
            number: of the run.
            file: the file.
            folder: where a reader may put bytes that are not on this disk yet.
        """

    def alerts(self, number: int) -> list[Mapping[str, Any]]:
        """Return the alerts: time, level, title and body of each."""

    def graph(self, number: int) -> Mapping[str, Any] | None:
        """Return the graph of the model, None without one."""

    def close(self) -> None:
        """Release what reading holds."""

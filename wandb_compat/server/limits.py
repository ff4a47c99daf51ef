"""Limits of the server with their units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TAGS = 50  # tags of a run
NAME = 255  # characters of a run name, project name or external id
NOTES = 1000  # characters of a run's notes
LONG_NOTES = 50_000  # characters of notes that are written on the page
LOG_NAME = 2700  # bytes of a log name after compression: the real server's index has no room for more
DOCUMENT_DEPTH = 122  # levels of a config or another stored document
STEP = 2**63 - 1  # SQLite's largest integer
TIME = 253_402_300_799_999  # milliseconds: the end of the year 9999
DATE = 8_640_000_000_000_000  # milliseconds: the last date that JavaScript knows
OBJECT_KEY = 1024  # bytes of a file's key in the object store
OBJECT_KEY_PART = 255  # bytes of each part of it
PRESIGN_BODY = 2 * 1024**2  # bytes of a request that asks for upload URLs
# Bytes of request bodies, uploads excepted, that are held at once. Parsed they may take 17 times as much: about 1 GB.
BODIES = 64_000_000
PIECE = 4_000_000  # bytes of lines that are parsed and stored together
HEADER_TIMEOUT = 20.0  # seconds that request line and headers may take
BODY_TIMEOUT = 30.0  # seconds between two chunks of a body; clients on slow lines send kilobytes each second
PROJECTS = 1000  # projects in one answer
RUNS = 200  # runs in one answer of the list
OFFSET = 100_000  # highest offset of the list
POINTS = 10_000  # points of one metric, or console lines, in one answer
RAW_POINTS = 50_000  # points in one answer of the unsampled metrics
NAMES = 500  # metric names in one answer
FILES = 1000  # files or log names in one answer
STATISTICS = 100  # metrics in one answer of the statistics
COMPARED = 100  # runs in one comparison or leaderboard page
FILTER_DEPTH = 50  # filters inside filters
FORK_DEPTH = 10  # ancestors that a fork is traced back


def _bound(default: float, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Limits:
    """The limits and behaviours that can be set when the server starts."""

    body: int = _bound(64_000_000, "bytes of a request body, uploads excepted")
    upload: int = _bound(10_000_000_000, "bytes of an uploaded file")
    upload_url: float = _bound(3600.0, "seconds that an upload URL lives")
    download_url: float = _bound(432_000.0, "seconds that a download URL lives")
    page_url: float = _bound(3600.0, "seconds that a file's URL on the page lives")
    reap_every: float = _bound(60.0, "seconds between two checks for runs without a heartbeat")
    heartbeat: float = _bound(150.0, "seconds of silence after which a run that had a heartbeat has failed")
    silence: float = _bound(1800.0, "the same for a run that never had a heartbeat")
    storage_delay: float = _bound(0.0, "seconds until acknowledged rows are stored; a restart forgets the rest")
    statistics_delay: float = _bound(0.0, "seconds between two updates of statistics and metric names; 0 is at once")
    keep_duplicates: int = _bound(0, "1 keeps texts, console lines and files that are sent twice twice")
    quota: int = _bound(0, "bytes of announced files at which new runs are refused; 0: unlimited")
    merge_time: float = _bound(0.0, "seconds between reading and writing a config, without a lock; 0: in one step")

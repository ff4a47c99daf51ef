"""Counts what the server has not acknowledged of a run directory."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from wandb_compat.spool import journal
from wandb_compat.spool.delivery_log import LANES, Offsets

_PIECE = 512 * 1024  # bytes that are read at once; a longer record still comes whole


def pending_rows(run_dir: Path) -> int:
    """Return how many history rows of a run directory the server has not acknowledged."""
    return _count(run_dir, {"metrics"})["row"]


def pending_bytes(run_dir: Path) -> int:
    """Return how many bytes of a run directory's journal the uploader has still to read for history rows."""
    offsets = Offsets(run_dir)
    sizes = journal.sizes(journal.files(run_dir))
    return sum(max(0, size - offsets.offset("metrics", name)) for name, size in sizes.items())


def pending_records(run_dir: Path) -> tuple[int, str]:
    """Return how many history rows of a run directory the server has not acknowledged, and what it has not in words."""
    found = _count(run_dir, {"metrics", "data", "files", "artifacts"})
    counts = {
        "rows": found["row"],
        "values that are not numbers": found["data"],
        "files or artifacts": found["file"] + found["artifact"],
    }
    *others, last = [f"{count} {what}" for what, count in counts.items() if count] or ["the last records"]
    return found["row"], f"{', '.join(others)} and {last}" if others else last


def _count(run_dir: Path, lanes: set[str]) -> Counter[str]:
    """Count by kind what the server has not acknowledged of some lanes, in one pass: it may be gigabytes."""
    offsets, found = Offsets(run_dir), Counter[bytes]()
    marks = _marks(kind for lane in lanes for kind in LANES[lane])
    for file in journal.files(run_dir):
        places = {lane: offsets.offset(lane, file.name) for lane in lanes}
        begin = min(places.values())
        # The uploader deletes what has been delivered.
        with suppress(FileNotFoundError), file.open("rb") as stream:
            stream.seek(begin)
            while chunk := stream.read(_PIECE):
                chunk += stream.readline()
                found.update(marks.findall(chunk))
                # Of these lanes more has been acknowledged than of others.
                for lane in [lane for lane, place in places.items() if place > begin]:
                    found.subtract(_marks(LANES[lane]).findall(chunk, 0, places[lane] - begin))
                begin += len(chunk)
    return Counter({kind.decode(): count for kind, count in found.items()})


def _marks(kinds: Iterable[str]) -> re.Pattern[bytes]:
    """Return a pattern that finds the kinds of records by the bytes before them."""
    return re.compile(rb"\x1e[0-9a-f]{8} (%b) " % "|".join(kinds).encode())

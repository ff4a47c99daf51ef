"""Compares what a process has written to its journal with what the uploader has read of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from wandb_compat.spool import journal
from wandb_compat.spool.delivery_log import LANES, Offsets
from wandb_compat.spool.journal import Written


class Loss(NamedTuple):
    """Records that were written to a file, and will never be read there."""

    file: Path
    lost: int
    written: int
    reason: str  # what happened to the file

    def __str__(self) -> str:
        return f"{self.lost} of {self.written} records of {self.file} are lost: the file {self.reason}"


def find(files: Iterable[Written], offsets: Offsets) -> list[Loss]:
    """Return the losses in files of one writer.

    What a lane has not read yet is not lost, unless it has gone.
    """
    return [loss for file in files if (loss := _loss(file, offsets)) is not None]


def _loss(file: Written, offsets: Offsets) -> Loss | None:
    name = file.path.name
    read = {lane: offsets.count(lane, name) for lane in LANES}
    if None in read.values():  # by an uploader of an older version
        return None
    try:
        size = file.path.stat().st_size
    except FileNotFoundError:
        reason, left = "was deleted or moved", Counter[str]()
    else:
        all_read = all(offsets.offset(lane, name) >= size for lane in LANES)
        if size >= file.end and not all_read:
            return None
        reason = "was cut" if size < file.end else "is damaged"
        left = Counter() if all_read else _unread(file.path, offsets)
    lost = 0
    for lane, kinds in LANES.items():
        written = sum(file.records.get(kind, 0) for kind in kinds)
        lost += max(0, written - (read[lane] or 0) - left[lane])
    return Loss(file.path, lost, sum(file.records.values()), reason) if lost else None


def _unread(path: Path, offsets: Offsets) -> Counter[str]:
    """Count by lane the records that a file still holds for it."""
    lanes = {kind.encode(): lane for lane, kinds in LANES.items() for kind in kinds}
    found: Counter[str] = Counter()
    for entries, _ in journal.read(path):
        for entry in entries:
            lane = lanes.get(entry.kind)
            if lane is not None and entry.end > offsets.offset(lane, path.name):
                found[lane] += 1
    return found

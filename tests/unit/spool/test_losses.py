"""What was written and can never be read is counted, file by file; what has only to be read yet is not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from wandb_compat.spool import journal, losses, records
from wandb_compat.spool.delivery_log import LANES, Offsets
from wandb_compat.spool.journal import Journal

ROWS = [records.encode(records.Row(time, time, {"loss": time / 3})) for time in range(20)]
TEXTS = [records.encode(records.Console(time, "text", time, "INFO")) for time in range(5)]


def read(path: Path, offsets: Offsets, until: int = 2**62) -> None:
    """Read a file as the lanes of an uploader do, up to an offset."""
    for lane, kinds in LANES.items():
        wanted = journal.pattern(*(kind.encode() for kind in kinds))
        for entries, end in journal.read(path, offsets.offset(lane, path.name), wanted=wanted):
            for entry in entries:
                if entry.end <= until:
                    offsets.acknowledge(lane, path.name, entry.end, count=1)
            if end <= until:
                offsets.skip(lane, path.name, end)


def flip(path: Path) -> None:
    """Change a bit in each of three rows."""
    content = bytearray(path.read_bytes())
    for step in (3, 7, 19):
        content[content.index(b'"step":%d,' % step)] ^= 1
    path.write_bytes(content)


DAMAGE: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "flipped": (flip, 3, "is damaged"),
    "cut": (lambda path: os.truncate(path, path.stat().st_size - 150), 3, "was cut"),
    "emptied": (lambda path: os.truncate(path, 0), 25, "was cut"),
    "deleted": (lambda path: path.unlink(), 25, "was deleted or moved"),
    "renamed": (lambda path: path.rename(path.with_name("other")), 25, "was deleted or moved"),
    "nothing": (lambda path: None, 0, ""),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("before", [0, 0.5, 1])
def test_damage_is_counted(tmp_path: Path, damage: str, before: float) -> None:
    """Whatever happens to a file, before, while or after it is read: what was read before is not lost."""
    head = tmp_path / "run-x.wandb"
    writer = Journal(tmp_path, "x", role="rows", segment_size=2**20, limit=2**30, head=head)
    writer.append(ROWS)
    writer.append(TEXTS)
    writer.close()
    offsets = Offsets(tmp_path)
    read(head, offsets, int(head.stat().st_size * before))
    done = sum(offsets.count(lane, head.name) or 0 for lane in LANES)
    act, expected, reason = DAMAGE[damage]
    act(head)
    if head.exists():
        read(head, offsets)
    total = sum(offsets.count(lane, head.name) or 0 for lane in LANES)
    found = losses.find(writer.files_written(), offsets)
    assert sum(loss.lost for loss in found) == 25 - total
    if before == 0 and damage != "cut":
        assert 25 - total == expected
    if found:
        assert (found[0].written, found[0].reason) == (25, reason)
        assert f"{25 - total} of 25 records of {head} are lost: the file {reason}" == str(found[0])
    assert total >= done
    offsets.flush()
    again = Offsets(tmp_path)  # as another process reads it
    assert [again.count(lane, head.name) for lane in LANES] == [offsets.count(lane, head.name) for lane in LANES]


def test_what_is_still_to_be_read_is_not_lost(tmp_path: Path) -> None:
    """Also of a file that was cut: the rest of it will be read."""
    head = tmp_path / "run-x.wandb"
    writer = Journal(tmp_path, "x", role="rows", segment_size=2**20, limit=2**30, head=head)
    writer.append(ROWS)
    offsets = Offsets(tmp_path)
    assert losses.find(writer.files_written(), offsets) == []
    os.truncate(head, head.stat().st_size - 1)
    assert [loss.lost for loss in losses.find(writer.files_written(), offsets)] == [1]


def test_logs_of_older_versions_count_nothing(tmp_path: Path) -> None:
    """An acknowledgement without a count says nothing about losses."""
    head = tmp_path / "run-x.wandb"
    writer = Journal(tmp_path, "x", role="rows", segment_size=2**20, limit=2**30, head=head)
    writer.append(ROWS)
    writer.close()
    (tmp_path / "journal").mkdir(exist_ok=True)
    note = records.dump({"lane": "metrics", "file": head.name, "to": head.stat().st_size})
    (tmp_path / "journal" / "uploader.journal").write_bytes(journal.frame([b"ack " + note]))
    head.unlink()
    assert losses.find(writer.files_written(), Offsets(tmp_path)) == []

"""The uploader's notes of what the server has answered: never more than needed, and never lost."""

import errno
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_compat.spool import delivery_log, journal
from wandb_compat.spool.delivery_log import LANES, NOTES_SIZE, Offsets
from wandb_compat.spool.pending import pending_bytes, pending_records, pending_rows


def test_notes_of_a_long_run_stay_small(tmp_path: Path) -> None:
    """However often a lane goes on, the file holds little more than where it is now."""
    offsets = Offsets(tmp_path)
    offsets.refuse("metrics", b"a line", "too old")
    for to in range(20_000):
        offsets.acknowledge("metrics", "run-abc.wandb", to)
    assert offsets.path.stat().st_size <= NOTES_SIZE
    again = Offsets(tmp_path)
    assert again.offset("metrics", "run-abc.wandb") == 19_999
    assert list(again.refused.values()) == ["too old"]
    assert [path.name for path in offsets.path.parent.iterdir()] == ["uploader.journal"]


def test_a_lane_that_passes_by_leaves_no_note_until_it_matters(tmp_path: Path) -> None:
    """An uploader that takes over looks again at what had nothing for a lane; before a file is deleted all is noted."""
    offsets = Offsets(tmp_path)
    offsets.acknowledge("metrics", "rows-1.journal", 500)
    for lane in LANES:
        offsets.skip(lane, "rows-1.journal", 500)
        offsets.skip(lane, "rows-2.journal", 300)
    assert offsets.delivered("rows-1.journal") == 500
    assert Offsets(tmp_path).delivered("rows-1.journal") == 0
    offsets.flush("rows-1.journal")
    assert Offsets(tmp_path).delivered("rows-1.journal") == 500
    assert Offsets(tmp_path).delivered("rows-2.journal") == 0
    offsets.close()
    assert Offsets(tmp_path).delivered("rows-2.journal") == 300


def test_a_failed_rewrite_keeps_the_old_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk has no space for a rewrite, the old file is appended to."""
    failures = []

    def full(path: Path, data: bytes) -> None:
        failures.append(path)
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(delivery_log, "atomic_write", full)
    offsets = Offsets(tmp_path)
    offsets.acknowledge("metrics", "run-abc.wandb", 1)
    for to in range(20_000):
        offsets.acknowledge("metrics", "run-abc.wandb", to)
    assert failures
    assert Offsets(tmp_path).offset("metrics", "run-abc.wandb") == 19_999


@given(st.lists(st.sampled_from(["row", "data", "file", "artifact", "key", "console"]), max_size=40), st.data())
def test_what_waits_is_counted_by_lane(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], data: st.DataObject
) -> None:
    """Of each lane that is counted what lies behind its own place, wherever the pieces that are read end."""
    home = tmp_path_factory.mktemp("run")
    texts = [journal.frame([f'{kind} {{"text":" row {{"}}'.encode()]) for kind in kinds]
    ends = [0, *itertools.accumulate(map(len, texts))]
    (home / "run-abc.wandb").write_bytes(b"".join(texts))
    offsets = Offsets(home)
    left = {}
    for lane, kind in {"metrics": "row", "data": "data", "files": "file", "artifacts": "artifact"}.items():
        place = data.draw(st.integers(0, len(kinds)))
        offsets.acknowledge(lane, "run-abc.wandb", ends[place])
        left[lane] = kinds[place:].count(kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wandb_compat.spool.pending._PIECE", data.draw(st.integers(1, 300)))
        rows, words = pending_records(home)
        assert rows == pending_rows(home) == left["metrics"]
    findings = {
        "rows": rows,
        "values that are not numbers": left["data"],
        "files or artifacts": left["files"] + left["artifacts"],
    }
    counted = [f"{count} {what}" for what, count in findings.items() if count]
    assert all(one in words for one in counted) and words.count(",") + words.count(" and ") == max(0, len(counted) - 1)
    assert counted or words == "the last records"


def test_files_deleted_by_the_uploader_count_as_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A counter may have listed them before they were deleted."""
    (tmp_path / "run-abc.wandb").write_bytes(journal.frame([b'row {"step":0}', b"key {}"]))
    listed = [tmp_path / "run-abc.wandb", tmp_path / "journal" / "rows-1-000002.journal"]
    monkeypatch.setattr(journal, "files", lambda home: listed)
    assert pending_records(tmp_path) == (1, "1 rows")
    assert pending_bytes(tmp_path) == listed[0].stat().st_size

"""The journal keeps what it has been given, whatever happens to the file afterwards."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_compat.spool import journal, records
from wandb_compat.spool.journal import Journal, JournalFull

LINES = [records.encode(records.Row(time, time % 7, {"loss": time / 3, "größe": 1})) for time in range(12)]
FILE = journal.frame(LINES)
ENDS = [entry.end for entry in journal.scan(FILE)]


def lines_of(path: Path) -> list[bytes]:
    """Return the lines of a journal file without the writer's own."""
    found = [entry.line for entries, _ in journal.read(path) for entry in entries if entry.kind != b"journal"]
    return [line for line in found if not line.startswith(b"end ")]


def make(home: Path, **changes: object) -> Journal:
    """Return a journal with roomy bounds."""
    bounds: dict = {"role": "rows", "segment_size": 2**20, "limit": 2**30, **changes}
    return Journal(home, "abc", **bounds)


@given(st.integers(0, len(FILE)))
def test_a_cut_costs_only_what_lies_behind_it(at: int) -> None:
    """A file cut at any byte still yields every record that ends before the cut, and nothing else."""
    assert [e.line for e in journal.scan(FILE[:at])] == LINES[: sum(end <= at for end in ENDS)]


@given(st.integers(0, len(FILE)), st.integers(0, len(FILE)))
def test_what_is_written_behind_a_torn_record_is_read(first: int, second: int) -> None:
    """Two writers were cut off, one after the other; a third one's records are all there."""
    torn = FILE[:first] + FILE[:second]
    assert [e.line for e in journal.scan(torn + FILE)][-len(LINES) :] == LINES


@given(st.integers(0, len(FILE) - 1), st.integers(0, 7))
def test_a_flipped_bit_costs_only_its_own_record(at: int, bit: int) -> None:
    """A flipped bit loses the record that it is in and no other, and invents none."""
    damaged = bytearray(FILE)
    damaged[at] ^= 1 << bit
    hit = sum(end <= at for end in ENDS)
    assert [e.line for e in journal.scan(bytes(damaged))] == LINES[:hit] + LINES[hit + 1 :]


@given(st.lists(st.tuples(st.integers(0, len(FILE) - 1), st.integers(0, 255)), max_size=40))
def test_no_damage_invents_a_record(damage: list[tuple[int, int]]) -> None:
    """However many bytes are overwritten, what is read was written, in its order."""
    damaged = bytearray(FILE)
    for at, value in damage:
        damaged[at] = value
    left = iter(LINES)
    assert all(entry.line in left for entry in journal.scan(bytes(damaged)))


@given(st.text(), st.dictionaries(st.text(), st.floats() | st.integers() | st.text() | st.none(), max_size=4))
def test_any_text_survives(key: str, values: dict) -> None:
    """Line breaks, separators and lone surrogates in keys and values do not break the framing."""
    line = records.encode(records.Config({key: values}))
    (entry,) = journal.scan(journal.frame([line]))
    assert entry.line == line
    assert records.decode(entry.line)[0] == "config"


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """A reader that remembers its offset gets each record once while the file grows, also one larger than its piece."""
    writer, offset, found = make(tmp_path, head=tmp_path / "run-abc.wandb"), 0, []
    big = b'config {"values":{"text":"' + b"x" * 100_000 + b'"}}'
    for batch in ([LINES[0]], [], [big, LINES[1]], LINES[2:]):
        if batch:
            writer.append(batch)
        for entries, end in journal.read(tmp_path / "run-abc.wandb", offset, size=1000):
            found += [entry.line for entry in entries if entry.kind != b"journal"]
            offset = end
    assert found == [LINES[0], big, *LINES[1:]]


def test_a_full_file_is_left_for_a_new_one(tmp_path: Path) -> None:
    """Past the segment size a new file begins; the old one is marked as complete and nothing is lost between."""
    writer = make(tmp_path, segment_size=200, head=tmp_path / "run-abc.wandb")
    for line in LINES:
        writer.append([line])
    writer.close()
    files = journal.files(tmp_path)
    assert files[0].name == "run-abc.wandb"
    assert len(files) > 3
    assert [line for file in files for line in lines_of(file)] == LINES
    ends = [file.read_bytes().splitlines(keepends=True)[-1] for file in files]
    counts = [len(lines_of(file)) for file in files]
    assert ends == [journal.frame([b'end {"records":{"row":%d}}' % count]) for count in counts]


def test_a_writer_never_touches_the_file_of_another(tmp_path: Path) -> None:
    """A second writer with the same process number takes another name."""
    for line in LINES[:2]:
        writer = make(tmp_path)
        writer.append([line])
        writer.close()
    assert sorted(line for file in journal.files(tmp_path) for line in lines_of(file)) == sorted(LINES[:2])


def test_the_limit_refuses_before_anything_is_written(tmp_path: Path) -> None:
    """Past the limit on disk `append` raises JournalFull and names the variable."""
    writer = make(tmp_path, segment_size=100, limit=300)
    with pytest.raises(JournalFull, match="WANDB_COMPAT_JOURNAL_LIMIT=300"):
        for _ in range(20):
            writer.append(LINES[:1])
    assert len([line for file in journal.files(tmp_path) for line in lines_of(file)]) < 20


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_no_half_written_batch(tmp_path: Path) -> None:
    """A refused write raises OSError; written again later, each record is there once."""
    writer = make(tmp_path)
    writer.append(LINES[:1])
    kept = writer._file, writer._path, writer._size
    writer._file, writer._path, writer._size = os.open("/dev/full", os.O_WRONLY), Path("/dev/full"), 0
    with pytest.raises(OSError) as raised:
        writer.append(LINES[1:3])
    assert raised.value.errno == errno.ENOSPC
    os.close(writer._file)
    writer._file, writer._path, writer._size = kept
    writer.append(LINES[1:3])
    writer.close()
    assert lines_of(journal.files(tmp_path)[0]) == LINES[:3]


def test_a_folder_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    """The file that was being written is there again with all that it held, and the next one finds its folder."""
    writer = make(tmp_path, segment_size=1)
    writer.append(LINES[:1])
    shutil.rmtree(tmp_path / "journal")
    writer.append(LINES[1:2])
    assert [line for file in journal.files(tmp_path) for line in lines_of(file)] == LINES[:2]


def test_a_folder_that_was_moved_is_made_again(tmp_path: Path) -> None:
    """As after a deletion, and the writer knows where the folder is now."""
    run_dir = tmp_path / "run"
    writer = make(run_dir, head=run_dir / "run-abc.wandb")
    run_dir.mkdir()
    writer.append(LINES[:1])
    run_dir.rename(tmp_path / "moved")
    writer.append(LINES[1:2])
    assert lines_of(run_dir / "run-abc.wandb") == LINES[:2]
    assert writer.restored and (writer.moved_to == tmp_path / "moved" or not Path("/proc/self/fd").exists())


@pytest.mark.parametrize("left", [0, 1, 200])
def test_a_file_that_was_cut_is_left_for_a_new_one(tmp_path: Path, left: int) -> None:
    """What is written after that is not lost, and the count of the file is that of what was written."""
    writer = make(tmp_path, head=tmp_path / "run-abc.wandb")
    writer.append(LINES[:5])
    os.truncate(tmp_path / "run-abc.wandb", left)
    writer.append(LINES[5:])
    first, second = journal.files(tmp_path)
    assert lines_of(second) == LINES[5:]
    assert lines_of(first) == LINES[: len(lines_of(first))] and len(lines_of(first)) < 5
    assert [file.records for file in writer.files_written()] == [{"row": 5}, {"row": 7}]
    assert b'end {"records":{"row":5}}' in first.read_bytes()


def test_a_file_that_was_replaced_is_left_for_a_new_one(tmp_path: Path) -> None:
    """As an editor does it: the file in its place is not touched."""
    writer = make(tmp_path, head=tmp_path / "run-abc.wandb")
    writer.append(LINES[:1])
    (tmp_path / "other").write_bytes(b"x")
    (tmp_path / "other").replace(tmp_path / "run-abc.wandb")
    writer.append(LINES[1:])
    assert (tmp_path / "run-abc.wandb").read_bytes() == b"x"
    assert lines_of(journal.files(tmp_path)[1]) == LINES[1:]


def test_disks_that_number_files_anew_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or that report 0 links, or old sizes: at most one more file is begun, and nothing is lost."""
    monkeypatch.setattr(os.path, "samestat", lambda one, other: False)
    writer = make(tmp_path)
    for line in LINES:
        writer.append([line])
    stat, old = Path.stat, os.stat_result((0o100644, 1, 1, 0, 0, 0, 7, 0, 0, 0))
    fake = lambda path, **how: old if path.suffix == ".journal" else stat(path, **how)  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", fake)
        for line in LINES:
            writer.append([line])
    writer.close()
    files = journal.files(tmp_path)
    assert len(files) == 2
    assert [line for file in files for line in lines_of(file)] == [*LINES, *LINES]

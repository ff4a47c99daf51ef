"""What the server has answered for a run directory, and so what it still lacks.

Light on purpose: the trainer asks at its exit, where importing anything large would cost time, and where any code that
Python compiles would make it forget that Ctrl-C ended the script.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import time
from typing import Any
from zlib import crc32

from wandb_compat.spool import journal, records
from wandb_compat.spool.status import old_name
from wandb_compat.system.atomic_write import atomic_write
from wandb_compat.system.file_access import exists, open_binary

# The lanes of delivery and the kinds of records that each takes; see `delivery.py`.
LANES = {
    "run": ("key", "config", "tags", "alert", "graph", "exit"),
    "metrics": ("row",),
    "data": ("data",),
    "console": ("console",),
    "files": ("file",),
    "artifacts": ("artifact",),
}
# What an ingest service may acknowledge and then lose.
CHECKED_LANES = ("metrics", "data", "console", "files", "artifacts")
MERGED_WITHIN = 1000  # ms; acknowledgements of a lane and file this close together are checked as one…
MERGED_SIZE = 16 * 1024  # …bytes up to which they are: it holds fewer than the 500 rows that are checked one by one
NOTES_SIZE = 256 * 1024  # bytes of notes after which what still holds of them is written anew
HOLES = 100  # latest ones that are remembered
REASONS = 3  # different reasons of refusals that are reported


@dataclass(slots=True, frozen=True)
class Stretch:
    """A part of a file that the server acknowledged for a lane and that was not seen to be stored.

    `first` and `last` are the times (ms since the epoch) of its first and last acknowledgement.
    """

    lane: str
    file: str
    begin: int
    end: int
    first: int
    last: int


@dataclass(slots=True, frozen=True)
class Break:
    """The end of a lane's connection to the ingest service, at a time (s since the epoch).

    `silent` says that no request failed: the connection was found closed while it was in use. `since` is the time of
    the last answer before.
    """

    lane: str
    at: float
    silent: bool
    since: float | None = None


class Offsets:
    """What the server has answered: for each lane, how far into each file. Kept in `uploader.journal`, append-only."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / "journal" / f"uploader{journal.SUFFIX}"
        self._offsets: dict[tuple[str, str], int] = {}
        self._counts: dict[tuple[str, str], int] = {}  # of records that a lane has read in a file
        self._uncounted: set[tuple[str, str]] = set()  # of which an older version has noted no counts
        self.damaged: dict[tuple[str, str], int] = {}  # records that a lane could not read, by lane and file
        self._unstored: dict[tuple[str, str], list[Stretch]] = {}
        # Times (ms since the epoch) of forgotten acknowledgements; what cannot be read back shares their fate.
        self.holes: list[tuple[float, float]] = []
        self.breaks: list[Break] = []
        self.several = False  # whether there are several ingest services behind the address, as far as is known
        self.run: int | None = None  # the server's number of the run that all of this is about
        self.stored = 0  # stretches that were seen to be stored
        self.exit: records.Exit | None = None
        self.closed = False
        self.refused: dict[tuple[str, int], str] = {}  # the server's reason by lane and checksum of the record
        self._file: int | None = None
        self._behind = False  # whether the disk lacks some of it
        self._passed: set[tuple[str, str]] = set()  # lanes and files whose places the disk has not been reported
        self._size, self._bound = 0, NOTES_SIZE  # of the notes on disk, and up to which they may grow
        self._writing = threading.Lock()
        for path in filter(Path.exists, (old_name(self.path), self.path)):
            for entries, _ in journal.read(path):
                for entry in entries:
                    self._take(*records.decode(entry.line))

    def _take(self, kind: str, document: Any) -> None:
        if kind == "ack":
            self._passed.discard((document["lane"], document["file"]))
            self._offsets[document["lane"], document["file"]] = document["to"]
            if "count" in document:
                self._counts[document["lane"], document["file"]] = document["count"]
            elif "from" not in document or "first" not in document:
                self._uncounted.add((document["lane"], document["file"]))
            if "from" in document:
                self._add_stretch(document)
        elif kind == "snapshot":  # all that holds follows
            self._unstored.clear()
            self.holes.clear()
            self.breaks.clear()
        elif kind == "stored":
            self._remove_stretch(document)
        elif kind == "hole":
            self.holes = [*self.holes[-HOLES:], (document["low"], document["high"])]
        elif kind == "break":
            self.breaks = [*self.breaks[-HOLES:], Break(**document)]
        elif kind == "several":
            self.several = True
        elif kind == "run":
            self._set_run(document["number"])
        elif kind == "exit":
            self.exit = records.from_document(records.Exit, document)
        elif kind == "refused":
            self.refused[document["lane"], document["sum"]] = document["reason"]
        elif kind == "damaged":
            self.damaged[document["lane"], document["file"]] = document["lost"]
        elif kind == "closed":
            self.closed = True

    def _add_stretch(self, document: dict[str, Any]) -> None:
        lane, file, at = document["lane"], document["file"], document["at"]
        begin, end, first = document["from"], document["to"], document.get("first", at)
        stretches = self._unstored.setdefault((lane, file), [])
        last = stretches[-1] if stretches else None
        near = last is not None and "first" not in document and 0 <= at - last.first <= MERGED_WITHIN
        if near and last is not None and begin >= last.end and end - last.begin <= MERGED_SIZE:
            stretches[-1] = replace(last, end=end, last=at)
        else:
            stretches.append(Stretch(lane, file, begin, end, first, at))

    def _remove_stretch(self, document: dict[str, Any]) -> None:
        self._replace((document["lane"], document["file"]), document["from"], document.get("to"), [])
        self.stored += 1

    def _replace(self, key: tuple[str, str], begin: int, end: int | None, new: list[Stretch]) -> None:
        """Replace a stretch of a lane and file, but not what was added to it since: that was not checked."""
        left: list[Stretch] = []
        for one in self._unstored.get(key, []):
            if one.begin != begin:
                left.append(one)
                continue
            left += new
            if end is not None and one.end > end:
                left.append(replace(one, begin=end))
        if left:
            self._unstored[key] = left
        else:
            self._unstored.pop(key, None)

    def _set_run(self, number: int) -> None:
        if self.run is not None and self.run != number:
            self._offsets.clear()
            self._counts.clear()
            self._uncounted.clear()
            self.damaged.clear()
            self._unstored.clear()
            self.holes.clear()
            self.breaks.clear()
            self._passed.clear()
            self.refused.clear()
            self.closed = False
        self.run = number

    def offset(self, lane: str, file: str) -> int:
        """Return the offset up to which a lane has delivered a file."""
        return self._offsets.get((lane, file), 0)

    def count(self, lane: str, file: str) -> int | None:
        """Return how many records a lane has read in a file, or None if an older version has not counted them."""
        return None if (lane, file) in self._uncounted else self._counts.get((lane, file), 0)

    def mark_damaged(self, lane: str, file: str, lost: int) -> None:
        """Note how many records of a file were written, and not found by a lane."""
        if self.damaged.get((lane, file)) != lost:
            self._append("damaged", {"lane": lane, "file": file, "lost": lost})

    @property
    def damage(self) -> str:
        """Which records could not be read, in words, or nothing."""
        files = Counter[str]()
        for (_, file), lost in self.damaged.items():
            files[file] += lost
        return "; ".join(f"{lost} records of {file} were damaged on disk and are lost" for file, lost in files.items())

    def delivered(self, file: str) -> int:
        """Return the offset up to which every lane has delivered a file."""
        return min(self.offset(lane, file) for lane in LANES)

    def covers(self, files: list[Path]) -> bool:
        """Whether every lane has delivered what is in the files."""
        ends = {file.name: _sound_end(file) for file in files}
        return all(self.delivered(name) >= end for name, end in ends.items())

    def acknowledge(self, lane: str, file: str, to: int, begin: int | None = None, count: int = 0) -> None:
        """Note that a lane has delivered a file up to an offset.

        Args:
            lane: the lane.
            file: name of the file.
            to: offset behind the last record that was acknowledged.
            begin: offset of the first one, if it is to be seen stored before the file is deleted.
            count: how many records that were.
        """
        document: dict[str, Any] = {"lane": lane, "file": file, "to": to, **self._total(lane, file, count)}
        if begin is not None and lane in CHECKED_LANES:
            document |= {"from": begin, "at": int(time() * 1000)}
        self._append("ack", document)

    def _total(self, lane: str, file: str, more: int = 0) -> dict[str, int]:
        count = self.count(lane, file)
        return {} if count is None else {"count": count + more}

    def unstored(self) -> list[Stretch]:
        """Return what was acknowledged and not seen to be stored, by lane and file in order of offsets."""
        with self._writing:
            return [stretch for stretches in self._unstored.values() for stretch in stretches]

    def mark_stored(self, stretch: Stretch) -> None:
        """Note that a stretch was seen to be stored, or that the server cannot be asked for it."""
        place = {"lane": stretch.lane, "file": stretch.file, "from": stretch.begin, "to": stretch.end}
        self._append("stored", place)

    def mark_sent_again(self, stretch: Stretch) -> None:
        """Note that a stretch was acknowledged once more."""
        now = int(time() * 1000)
        with self._writing:
            again = replace(stretch, first=now, last=now)
            self._replace((stretch.lane, stretch.file), stretch.begin, stretch.end, [again])
            self._behind = True  # the notes on disk are written anew with the next one
        self.mark_run(self.run or 0)

    def mark_hole(self, low: float, high: float) -> None:
        """Note that what was acknowledged between two times (ms since the epoch) was forgotten."""
        if (low, high) not in self.holes:
            self._append("hole", {"low": low, "high": high})

    def mark_break(self, lane: str, at: float, *, silent: bool, since: float | None = None) -> None:
        """Note the end of a lane's connection; see `Break`."""
        self._append("break", asdict(Break(lane, at, silent, since)))

    def mark_several(self) -> None:
        """Note that several ingest services are behind the address: rows do not tell what became of other values."""
        if not self.several:
            self._append("several", {})

    def mark_run(self, number: int) -> bool:
        """Note which run of the server this is about; return whether it was another before.

        What was acknowledged for another run does not count: everything is sent again.
        """
        changed = self.run is not None and self.run != number
        if self.run != number or self._behind:
            self._append("run", {"number": number})
        return changed

    def holds_unstored(self, file: str) -> bool:
        """Whether a file holds something that was not seen to be stored."""
        with self._writing:
            return any(name == file for _, name in self._unstored)

    def skip(self, lane: str, file: str, to: int) -> None:
        """Note that a file has nothing for a lane up to an offset; the disk hears of it with `flush`.

        Every lane comes by everything that is written: its way alone would be many times the rest of the notes.
        """
        with self._writing:
            if self._offsets.get((lane, file)) != to:
                self._offsets[lane, file] = to
                self._passed.add((lane, file))

    def flush(self, file: str | None = None) -> None:
        """Tell the disk where the lanes are in a file, by default in all of them."""
        with self._writing:
            passed = [one for one in self._passed if file in (None, one[1])]
        for lane, name in passed:
            self.acknowledge(lane, name, self.offset(lane, name))

    def refuse(self, lane: str, line: bytes, reason: str) -> None:
        """Note that the server will not have a record; the same one again, after an uploader's death, counts once."""
        self._append("refused", {"lane": lane, "sum": crc32(line), "reason": reason})

    @property
    def refusal_reasons(self) -> str:
        """What the server has refused and why, the most frequent reason first, or nothing."""
        counts = Counter(self.refused.values()).most_common()
        shown = [f"{reason} ({count} times)" if count > 1 else reason for reason, count in counts[:REASONS]]
        return "; ".join([*shown, *(["…"] if len(counts) > REASONS else [])])

    def record_exit(self, exit: records.Exit) -> None:
        """Note how the run ended: the file with that record may be deleted before the server knows."""
        self._append("exit", asdict(exit))

    def close(self) -> None:
        """Note that everything has arrived and the run is closed on the server."""
        self.flush()
        self._append("closed", {})

    def release(self) -> None:
        """Close the file: the process may go on with other runs. A later note opens it again."""
        with self._writing:
            file, self._file = self._file, None
            if file is not None:
                os.close(file)

    def _append(self, kind: str, document: dict[str, Any]) -> None:
        """Note something; what a full disk does not take now comes with the next note."""
        with self._writing:
            self._take(kind, document)
            try:
                if self._file is not None and not exists(self.path):  # deleted or moved by someone
                    os.close(self._file)
                    self._file, self._behind = None, True
                if self._file is None:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    self._file = open_binary(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                    self._size = os.fstat(self._file).st_size
                data = _framed(self._all() if self._behind else [(kind, document)])
                self._behind = os.write(self._file, data) < len(data)
                self._size += len(data)
                if self._size > self._bound:
                    self._rewrite(self._file)
            except OSError:
                self._behind = True

    def _rewrite(self, file: int) -> None:
        """Leave out the notes that later ones have overtaken: a run may last for months."""
        data = _framed(self._all())
        self._bound = max(NOTES_SIZE, 2 * len(data))
        try:
            os.close(file)  # Windows replaces no open file
            self._file = None
            atomic_write(self.path, data)
        except OSError:  # a full disk: the old notes are as good
            self._bound = 2 * self._size

    def _all(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "snapshot", {}
        if self.run is not None:
            yield "run", {"number": self.run}
        for stretch in (one for stretches in self._unstored.values() for one in stretches):
            ends = {"first": stretch.first, "at": stretch.last, "from": stretch.begin}
            yield "ack", {"lane": stretch.lane, "file": stretch.file, "to": stretch.end, **ends}
        oldest = min((one.first for stretches in self._unstored.values() for one in stretches), default=None)
        for low, high in self.holes:
            if oldest is not None and high >= oldest:
                yield "hole", {"low": low, "high": high}
        for one in self.breaks:
            if oldest is not None and one.at * 1000 >= oldest:
                yield "break", asdict(one)
        if self.several:
            yield "several", {}
        for (lane, file), to in self._offsets.items():
            yield "ack", {"lane": lane, "file": file, "to": to, **self._total(lane, file)}
        for (lane, file), lost in self.damaged.items():
            yield "damaged", {"lane": lane, "file": file, "lost": lost}
        for (lane, checksum), reason in self.refused.items():
            yield "refused", {"lane": lane, "sum": checksum, "reason": reason}
        if self.exit is not None:
            yield "exit", asdict(self.exit)
        if self.closed:
            yield "closed", {}


def _framed(notes: Iterable[tuple[str, dict[str, Any]]]) -> bytes:
    return journal.frame([kind.encode() + b" " + records.dump(document) for kind, document in notes])


def _sound_end(file: Path) -> int:
    """Return the offset behind the last finished line of a file."""
    try:
        with file.open("rb") as stream:
            back = end = stream.seek(0, os.SEEK_END)
            while back > 0:
                back = max(0, back - 65536)
                stream.seek(back)
                newline = stream.read(min(65536, end - back)).rfind(b"\n")
                if newline >= 0:
                    return back + newline + 1
    except FileNotFoundError:
        pass
    return 0

"""What the server has answered for a run directory, and so what it still lacks.

Light on purpose: the trainer asks at its exit, where importing anything large would cost time, and where any code that
Python compiles would make it forget that Ctrl-C ended the script.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zlib import crc32

from wandb_compat.spool import journal, records
from wandb_compat.spool.atomic_write import atomic_write
from wandb_compat.spool.status import old_name

# The lanes of delivery and the kinds of records that each takes; see `delivery.py`.
LANES = {
    "run": ("key", "config", "tags", "alert", "graph", "exit"),
    "metrics": ("row",),
    "data": ("data",),
    "console": ("console",),
    "files": ("file",),
    "artifacts": ("artifact",),
}
NOTES_SIZE = 256 * 1024  # bytes of notes after which what still holds of them is written anew
REASONS = 3  # different reasons of refusals that are told


class Offsets:
    """What the server has answered: for each lane, how far into each file. Kept in `uploader.journal`, append-only."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / "journal" / f"uploader{journal.SUFFIX}"
        self._offsets: dict[tuple[str, str], int] = {}
        self.exit: records.Exit | None = None
        self.closed = False
        self.refused: dict[tuple[str, int], str] = {}  # the server's reason by lane and checksum of the record
        self._file: int | None = None
        self._behind = False  # whether the disk lacks some of it
        self._passed: set[tuple[str, str]] = set()  # lanes and files whose places the disk has not been told
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
        elif kind == "exit":
            self.exit = records.from_document(records.Exit, document)
        elif kind == "refused":
            self.refused[document["lane"], document["sum"]] = document["reason"]
        elif kind == "closed":
            self.closed = True

    def offset(self, lane: str, file: str) -> int:
        """Return the offset up to which a lane has delivered a file."""
        return self._offsets.get((lane, file), 0)

    def delivered(self, file: str) -> int:
        """Return the offset up to which every lane has delivered a file."""
        return min(self.offset(lane, file) for lane in LANES)

    def covers(self, files: list[Path]) -> bool:
        """Whether every lane has delivered what lies in the files."""
        ends = {file.name: _sound_end(file) for file in files}
        return all(self.delivered(name) >= end for name, end in ends.items())

    def acknowledge(self, lane: str, file: str, to: int) -> None:
        """Note that a lane has delivered a file up to an offset."""
        self._append("ack", {"lane": lane, "file": file, "to": to})

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

    def _append(self, kind: str, document: dict[str, Any]) -> None:
        """Note something; what a full disk does not take now comes with the next note."""
        with self._writing:
            self._take(kind, document)
            try:
                if self._file is not None and not os.fstat(self._file).st_nlink:  # deleted by somebody
                    os.close(self._file)
                    self._file, self._behind = None, True
                if self._file is None:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
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
        for (lane, file), to in self._offsets.items():
            yield "ack", {"lane": lane, "file": file, "to": to}
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

"""The journal: append-only files that hold a run's records until the server has them.

Format, version 1. A file is a sequence of records, each in one line:

    RS CHECKSUM BLANK KIND BLANK DOCUMENT LF

RS is the byte 0x1e and LF 0x0a, as in JSON text sequences (RFC 7464); neither can occur inside a record. CHECKSUM is
the CRC-32 of `KIND BLANK DOCUMENT` in eight hexadecimal digits, KIND a word and DOCUMENT a JSON text (`records.py`).
The first record of a file has the kind `journal` and tells version, run and writer. The last record of a file that its
writer has closed or left for a new one has the kind `end` and tells how many of each kind were written. Readers take
what has the right checksum and pass over the rest, so a torn tail or a damaged byte costs no other record than the one
that it hits.

A run directory holds the head file `run-<id>.wandb` and a directory `journal` with everything else: further files of
the same process once the head is full, files of forked children and of the uploader, and `uploader.journal`, the log of
what the server has acknowledged. One process only ever writes a file; journal files are neither memory-mapped nor
linked, so NFS and Lustre are safe.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from wandb_compat.spool import records
from wandb_compat.system.file_access import exists, open_binary
from wandb_compat.system.machine import machine_name, process_space

VERSION = 1
SUFFIX = ".journal"
_WORD = itemgetter(slice(0, 4))  # of a record's text: enough to tell the kinds apart


class JournalFull(OSError):
    """The run's files have reached WANDB_COMPAT_JOURNAL_LIMIT."""


class Written(NamedTuple):
    """What was written to one file: the offset of its end, and the number of records by kind."""

    path: Path
    end: int
    records: dict[str, int]


class Entry(NamedTuple):
    """One record as it is in a file: its kind, its whole text form, and the offset just behind it."""

    kind: bytes
    line: bytes
    end: int

    @property
    def document(self) -> bytes:
        """The JSON text without the kind."""
        return self.line[len(self.kind) + 1 :]


def pattern(*kinds: bytes) -> re.Pattern[bytes]:
    """Return what finds the records of some kinds, given as regular expressions; the others cost next to nothing."""
    # Up to the line break, a single byte: any more that must not occur, RS too, would take six times as long.
    return re.compile(rb"\x1e([0-9a-f]{8}) ((%b) .*)\n" % b"|".join(kinds))


ANY = pattern(b"[a-z]+")
_START = pattern(b"start")


def frame(lines: Iterable[bytes]) -> bytes:
    """Return records as bytes of a journal file."""
    return b"".join([b"\x1e%08x %b\n" % (crc32(line), line) for line in lines])


def scan(chunk: bytes, offset: int = 0, wanted: re.Pattern[bytes] = ANY) -> Iterator[Entry]:
    """Yield the sound records of a piece of a file that begins at `offset`; `wanted` is a `pattern`."""
    for match in wanted.finditer(chunk):
        sound = match if _sound(match) else None
        if sound is None:  # torn; the next one may begin in the same line
            last = wanted.match(chunk, chunk.rfind(b"\x1e", 0, match.end()))
            sound = last if last and _sound(last) else None
        if sound:
            yield Entry(sound[3], sound[2], offset + sound.end())


def _sound(match: re.Match[bytes]) -> bool:
    return crc32(match[2]) == int(match[1], 16)


def read(
    path: Path, offset: int = 0, size: int = 4 * 1024**2, wanted: re.Pattern[bytes] = ANY
) -> Iterator[tuple[list[Entry], int]]:
    """Yield (sound records, offset behind them) piece by piece, until what is written so far has been read.

    An unfinished last line is left for a later call. `size` is in bytes; a record larger than that still comes whole.
    `wanted` is a `pattern`.
    """
    with path.open("rb") as file:
        while True:
            file.seek(offset)
            chunk = file.read(size)
            whole = chunk.rfind(b"\n") + 1
            if whole:
                yield list(scan(chunk, offset, wanted)), offset + whole
                offset += whole
            elif len(chunk) == size:
                size *= 2
                continue
            if len(chunk) < size:
                return


class Journal:
    """Writes the journal of one process: `append` is done when the operating system has the bytes."""

    def __init__(
        self, run_dir: Path, run_id: str, *, role: str, segment_size: int, limit: int, head: Path | None = None
    ) -> None:
        """Prepare the journal of a process.

        Args:
            run_dir: the run directory.
            run_id: wandb's id of the run.
            role: what the writer is: `rows` for a training process, `system` for the uploader's samples.
            segment_size: bytes after which a new file is begun.
            limit: bytes on disk at which `append` raises JournalFull.
            head: path of the first file; by default it gets a separate name in the folder `journal`.
        """
        self.run_dir = run_dir
        self.folder = run_dir / "journal"
        self._run_id = run_id
        self._role = role
        self._segment_size = segment_size
        self._limit = limit
        self._head = head
        self.written = 0  # records that `append` has written
        self.restored = False  # whether a file was deleted or moved while it was being written
        self._replaced = False  # whether a file was found in the place of another
        self.moved_to: Path | None = None  # where the run directory is now, as far as that is known
        self._file: int | None = None
        self._path = self.folder
        self._size = self._begin = 0  # of the current file, and of what every file begins with
        self._number = 0
        self._counts: Counter[bytes] = Counter()  # of records in the current file, by the begin of their kind
        self._complete: list[Written] = []  # earlier files

    def append(self, lines: Iterable[bytes]) -> None:
        """Write records; on return they survive the death of the process.

        Raises:
            JournalFull: the limit is reached; nothing was written.
            OSError: the disk refused; nothing that a reader would take was written.
        """
        lines = list(lines)
        if self._file is not None:
            self._restore()
        if self._file is None or self._size >= self._segment_size:
            self._turn()
        try:
            self._write(frame(lines))
            self._counts.update(map(_WORD, lines))
            self.written += len(lines)
        except OSError as error:
            # The system takes no larger file, but further ones.
            if error.errno != errno.EFBIG or (self._size == self._begin and len(lines) == 1):
                raise
            if self._size > self._begin:
                self._turn()
            half = len(lines) // 2
            for part in filter(None, (lines[:half], lines[half:])):
                self.append(part)

    def close(self) -> None:
        """Mark the current file as complete and close it."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._restore()
        if self._file is not None:
            self._leave()

    def _leave(self) -> None:
        """Write how many records the current file holds, and close it."""
        assert self._file is not None
        counts = self._by_kind()
        with contextlib.suppress(OSError):
            self._write(frame([b"end " + records.dump({"records": counts})]))
        os.close(self._file)
        self._file = None
        self._complete.append(Written(self._path, self._size, counts))

    def _by_kind(self) -> dict[str, int]:
        return {kind: count for kind in records.KINDS if (count := self._counts[_WORD(kind.encode() + b" ")])}

    def files_written(self) -> list[Written]:
        """Return what this process has written so far, file by file."""
        current = [Written(self._path, self._size, self._by_kind())] if self._file is not None else []
        return [*self._complete, *current]

    def _turn(self) -> None:
        """Leave the current file, if any, and begin the next."""
        if self._file is not None and self.bytes_on_disk() > self._limit:
            raise JournalFull(f"{self.run_dir} holds more than WANDB_COMPAT_JOURNAL_LIMIT={self._limit} bytes")
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._head
        while True:
            self._number += 1
            path = path or self.folder / f"{self._role}-{os.getpid()}-{self._number:06d}{SUFFIX}"
            try:
                file = _create(path)
                break
            except FileExistsError:  # an earlier process had our number, as happens in containers
                path = None
        writer = {"version": VERSION, "run": self._run_id, "host": machine_name(), "pid": os.getpid()}
        head = frame([b"journal " + records.dump({**writer, "processes": process_space()})])
        try:
            _write_all(file, head)
        except OSError:
            os.close(file)
            path.unlink()
            raise
        self.close()
        self._head = None
        self._file, self._path, self._size, self._begin = file, path, len(head), len(head)
        self._counts.clear()

    def _restore(self) -> None:
        """Go on where readers look if someone has deleted, moved, cut or replaced the current file.

        The content of a deleted or moved file is still there as long as it is open: the file is written anew. One that
        was cut or replaced is left for a new one.
        """
        assert self._file is not None
        if exists(self._path):
            if self._is_cut_or_replaced(os.fstat(self._file)):
                self._leave()
            return
        self._note_place()
        self.folder.mkdir(parents=True, exist_ok=True)
        file = _create(self._path)
        try:
            os.lseek(self._file, 0, os.SEEK_SET)  # appended to wherever that is
            while chunk := os.read(self._file, 1024**2):
                _write_all(file, chunk)
        except OSError:
            os.close(file)
            self._path.unlink()
            raise
        os.close(self._file)
        self._file = file
        self.restored = True

    def _is_cut_or_replaced(self, opened: os.stat_result) -> bool:
        if opened.st_size < self._size:
            return True
        found = self._path.stat()
        if self._replaced or os.path.samestat(opened, found) or opened.st_size == found.st_size:
            return False
        self._replaced = True  # asked once only: some network disks give a file another number each time
        return True

    def _note_place(self) -> None:
        """Note where the run directory is now, if the current file was moved with it."""
        assert self._file is not None
        depth = len(self._path.relative_to(self.run_dir).parts)
        with contextlib.suppress(OSError):  # no such list on this system
            if os.fstat(self._file).st_nlink:
                self.moved_to = Path(f"/proc/self/fd/{self._file}").readlink().parents[depth - 1]

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        try:
            _write_all(self._file, data)
        except OSError:
            # Half a batch must not stay, it will be written again; if this fails too, readers pass over it.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)

    def bytes_on_disk(self) -> int:
        """Return what the run's journal takes on disk, in bytes."""
        return sum(sizes(files(self.run_dir)).values())


def _create(path: Path) -> int:
    return open_binary(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND)


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def files(run_dir: Path) -> list[Path]:
    """Return the files of a run directory that hold records for the server: the head first, then by time of writing."""
    return [*sorted(run_dir.glob("run-*.wandb")), *sorted((run_dir / "journal").glob(f"*-*{SUFFIX}"))]


def sizes(paths: Iterable[Path]) -> dict[str, int]:
    """Return the bytes in files by their names; those are left out that the uploader has deleted meanwhile."""
    found = {}
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            found[path.name] = path.stat().st_size
    return found


def read_start(run_dir: Path) -> records.Start | None:
    """Return the first record of a run directory, or None when none exists."""
    for file in files(run_dir)[:2]:
        for entries, _ in read(file, size=512 * 1024, wanted=_START):
            for entry in entries:
                return records.parse(records.Start, entry.document)
    return None

"""Tells whether a file has changed, also on disks whose time stamps are too coarse to show it."""

from __future__ import annotations

from pathlib import Path
from time import time
from typing import NamedTuple
from zlib import crc32

COARSE = 2.0  # seconds between two time stamps of FAT; a second with some network disks
TOLERANCE = 1.0  # seconds that the clock of a network disk may be ahead or behind
PIECE = 1024 * 1024  # bytes


class FileVersion(NamedTuple):
    """What a file was like.

    Args:
        size: in bytes.
        time: of the last change, in ns.
        checksum: of the content, if a change soon after could leave the time as it is.
    """

    size: int
    time: int
    checksum: int | None = None


def version_of(file: Path) -> FileVersion:
    """Return the present version of a file; its content is read on disks with coarse time stamps only.

    Raises:
        OSError: it cannot be read.
    """
    status = file.stat()
    coarse = status.st_mtime_ns % 1_000_000_000 == 0
    recent = abs(time() - status.st_mtime) < COARSE + TOLERANCE
    return FileVersion(status.st_size, status.st_mtime_ns, _checksum(file) if coarse and recent else None)


def is_unchanged(file: Path, known: FileVersion) -> bool:
    """Whether a file is as it was.

    Raises:
        OSError: it cannot be read.
    """
    status = file.stat()
    if (status.st_size, status.st_mtime_ns) != (known.size, known.time):
        return False
    return known.checksum is None or known.checksum == _checksum(file)


def _checksum(file: Path) -> int:
    checksum = 0
    with file.open("rb") as stream:
        while piece := stream.read(PIECE):
            checksum = crc32(piece, checksum)
    return checksum

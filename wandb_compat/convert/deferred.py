"""Files and records whose content is fixed when they are logged, and which are encoded later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wandb_compat.spool import records


@dataclass
class DeferredFile:
    """A file that is written later.

    Args:
        suffix: such as `.png`.
        write: writes the file at a path.
        size: memory that the content takes until then, in bytes.
        raw: suffix and writer of a form that is faster to write. The uploader converts it; see `finish_media`.
    """

    suffix: str
    write: Callable[[Path], object]
    size: int = 0
    raw: tuple[str, Callable[[Path], object]] | None = None


class DeferredRecords:
    """Records that are expensive to encode. The snapshot exists; the encoder thread calls `make`.

    Args:
        make: encodes and yields the records.
        name: key under which the value was logged, for messages.
        size: memory that the snapshot takes, in bytes.
    """

    __slots__ = ("make", "name", "size")

    def __init__(self, make: Callable[[], Iterable[records.Record]], name: str = "", size: int = 0) -> None:
        self.make = make
        self.name = name
        self.size = size


def from_bytes(content: bytes, suffix: str) -> DeferredFile:
    """Return a deferred file with a known content."""
    return DeferredFile(suffix, partial(_write, content), len(content))


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)

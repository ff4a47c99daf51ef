"""Files that are yet to be written: what they will hold is taken already, only the encoding is left for later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path


@dataclass
class Draft:
    """A file to be: `suffix` as `.png`, `write` writes it at a path, `size` is what waits in memory, in bytes.

    `raw` are suffix and writer of a form that is written faster, and that `darkroom.py` makes the file of.
    """

    suffix: str
    write: Callable[[Path], object]
    size: int = 0
    raw: tuple[str, Callable[[Path], object]] | None = None


def draft(content: bytes, suffix: str) -> Draft:
    """Return the draft of a file whose bytes are there."""
    return Draft(suffix, partial(_write, content), len(content))


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)

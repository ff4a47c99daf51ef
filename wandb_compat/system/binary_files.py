"""Opens file descriptors whose bytes arrive on disk unchanged."""

from __future__ import annotations

import os
from pathlib import Path


def open_binary(path: Path, flags: int, mode: int = 0o644) -> int:
    """Open a file and return its descriptor. Windows would write each line feed as two bytes without `O_BINARY`.

    Args:
        path: the file.
        flags: those of `os.open`.
        mode: permissions of a new file.

    Raises:
        OSError: it cannot be opened.
    """
    return os.open(path, flags | getattr(os, "O_BINARY", 0), mode)


def is_deleted(descriptor: int, path: Path) -> bool:
    """Whether someone has deleted the open file. Some disks (FUSE) report 0 links for every file: ask the path too."""
    return not os.fstat(descriptor).st_nlink and not path.exists()

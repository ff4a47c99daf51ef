"""Opens, replaces and looks at files in ways that work on every system."""

from __future__ import annotations

import os
from pathlib import Path

from wandb_compat.system.disk_errors import while_in_use


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


def private_opener(path: str, flags: int) -> int:
    """Open a file that only its owner may read: the `opener` of `open`, which adds `O_BINARY` to the flags."""
    return os.open(path, flags, 0o600)


def exists(path: Path) -> bool:
    """Whether there is something at a path that this process can see; `Path.exists` raises for a closed directory."""
    return os.path.exists(path)  # noqa: PTH110


def replace(source: Path, target: Path) -> None:
    """Put a file in the place of another in one step. Windows refuses that while a program has the other open.

    Raises:
        OSError: it cannot be replaced, or a program holds it for longer than a second.
    """
    while_in_use(lambda: os.replace(source, target))  # noqa: PTH105 - in one step, on Windows too

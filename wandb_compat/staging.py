"""Files on their way to the server: kept in the run folder from the moment of logging until they have arrived."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from uuid import uuid4

FOLDER = "journal/staged"


def new(home: Path, suffix: str) -> Path:
    """Return a fresh path in the run folder for a file that is going to be written; `suffix` as `.png`."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{uuid4().hex}{suffix}"


def take(home: Path, source: Path) -> str:
    """Keep a file as it is now; what its owner does to it later, deletion included, no longer matters.

    Returns:
        The path relative to the run folder, for `records.File`.

    Raises:
        OSError: the source cannot be read, or is no regular file.
    """
    if not source.is_file():
        raise (
            IsADirectoryError(f"{source} is no file")
            if source.is_dir()
            else FileNotFoundError(f"{source} is not there")
        )
    kept = new(home, source.suffix)
    shutil.copyfile(source, kept)
    return relative(home, kept)


def relative(home: Path, path: Path) -> str:
    """Return a path below the run folder as records spell it."""
    return path.relative_to(home).as_posix()


def release(home: Path, path: str) -> None:
    """Delete a staged file that has arrived; files that lie elsewhere in the run folder stay."""
    if path.startswith(FOLDER + "/"):
        with contextlib.suppress(OSError):
            (home / path).unlink()

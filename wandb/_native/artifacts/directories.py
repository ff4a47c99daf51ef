"""Walks the folders that artifacts are made of and downloaded to."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from wandb_compat.spool import staging
from wandb_compat.system.file_access import exists

Ancestors = tuple[tuple[int, int], ...]


def files_of(folder: Path, above: Ancestors = ()) -> Iterator[Path]:
    """Yield the files below a directory, following links.

    Raises:
        OSError: a link leads round in a circle; wandb follows it until the system refuses, with the same error.
    """
    status = folder.stat()
    if (status.st_dev, status.st_ino) in above:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
    for path in folder.iterdir():
        if path.is_dir():
            yield from files_of(path, (*above, (status.st_dev, status.st_ino)))
        else:
            yield path


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, once each however links may lead round; links that lead nowhere are passed over."""
    yield from filter(exists, staging.walk_files(folder))

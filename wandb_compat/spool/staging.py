"""Files on their way to the server: kept in the run directory from the moment of logging until they have arrived."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from wandb_compat.spool import safe_paths

FOLDER = "journal/staged"
# Bytes from which a file is hard-linked, not copied: the caller of `log` or `save` should not wait for the disk to copy
# gigabytes, and a link keeps a file whose owner deletes it or puts another in its place. It does not keep one that is
# overwritten in place, so a link remembers size and time of the file, and the uploader says when they have changed.
# What must stay as it was in any case, an artifact's mutable file, is copied whatever its size, as wandb does.
LARGE = 64 * 1024**2
_LINKED = re.compile(r"[0-9a-f]{32}-([0-9]+)-([0-9]+)")


def new_path(run_dir: Path, suffix: str) -> Path:
    """Return a fresh path in the run directory for a file that is going to be written; `suffix` as `.png`."""
    folder = run_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{uuid4().hex}{suffix}"


def stage(run_dir: Path, source: Path, link_from: int = LARGE, suffix: str | None = None) -> str:
    """Keep a file as it is now; what its owner does to it later, deletion included, no longer matters.

    A file of `link_from` bytes or more is linked where the file system can do that, and then only kept from deletion.
    `suffix` is that of the kept file, by default the same.

    Returns:
        The path relative to the run directory, for `records.File`.

    Raises:
        OSError: the source cannot be read, or is not a regular file.
    """
    if source.is_dir():
        raise IsADirectoryError(f"{source} is not a file")
    if not source.exists():
        raise FileNotFoundError(f"{source} does not exist")
    if not source.is_file():
        raise OSError(f"{source} is not a regular file")
    if suffix is None:
        suffix = source.suffix if len(source.suffix) <= 32 else ""
    kept = new_path(run_dir, suffix)
    with source.open("rb"):  # a link can also be made to what cannot be read
        pass
    source = source.resolve()  # a link to a symbolic link would keep nothing
    answer = source.stat()
    if answer.st_size >= link_from:
        linked = kept.with_name(f"{kept.stem}-{answer.st_size}-{answer.st_mtime_ns}{suffix}")
        with contextlib.suppress(OSError):  # another file system, or one without links
            linked.hardlink_to(source)
            return relative(run_dir, linked)
    try:
        shutil.copyfile(source, kept)
    except BaseException:
        kept.unlink(missing_ok=True)
        raise
    return relative(run_dir, kept)


def was_overwritten(path: Path) -> bool:
    """Whether a staged file that is a link was overwritten since it was taken."""
    match = _LINKED.match(path.name)
    if match is None:
        return False
    answer = path.stat()
    return (answer.st_size, answer.st_mtime_ns) != (int(match[1]), int(match[2]))


def walk_files(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder and is not a folder, through links as well, but never round in a circle."""
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        try:
            answer = os.stat(place)  # noqa: PTH116
        except OSError:  # deleted or closed in the meantime
            folders.clear()
            continue
        if (answer.st_dev, answer.st_ino) in seen:
            folders.clear()
            continue
        seen.add((answer.st_dev, answer.st_ino))
        yield from (Path(place, name) for name in files)


def relative(run_dir: Path, path: Path) -> str:
    """Return a path below the run directory as records spell it."""
    return path.relative_to(run_dir).as_posix()


def release(run_dir: Path, path: str) -> None:
    """Delete a staged file that has arrived; files that lie elsewhere in the run directory stay."""
    folder, _, name = path.rpartition("/")
    if folder == FOLDER:
        with contextlib.suppress(OSError):
            safe_paths.inside(run_dir, folder)
            safe_paths.direct_child(run_dir / FOLDER, name).unlink()

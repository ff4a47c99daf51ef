"""Folders that are made when they are missing, files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import IO, Any

StrPath = str | os.PathLike[str]
PROBLEMATIC_PATH_CHARS = "".join(map(chr, range(32))) + ':"*<>?|'  # in file names of Windows


def mkdir_exists_ok(dir_name: StrPath) -> None:
    """Make a folder and those above it, unless it is there.

    Raises:
        FileExistsError: a file is in its place.
        PermissionError: it cannot be made.
    """
    Path(dir_name).mkdir(parents=True, exist_ok=True)


def path_fallbacks(path: StrPath) -> Iterator[str]:
    """Yield the path, then spellings of it without characters that some file systems refuse."""
    text = os.fspath(path)
    drive, tail = os.path.splitdrive(text)
    yield text
    for character in PROBLEMATIC_PATH_CHARS:
        if character in tail:
            tail = tail.replace(character, "-")
            yield drive + tail


def mkdir_allow_fallback(dir_name: StrPath) -> StrPath:
    """Make a folder, under a name that the file system takes, and return that name.

    Raises:
        OSError: it takes none.
    """
    failed: OSError | None = None
    for name in path_fallbacks(dir_name):
        try:
            mkdir_exists_ok(name)
        except (ValueError, NotADirectoryError, OSError) as error:
            failed = failed or OSError(f"folder {dir_name} cannot be made: {error}")
        else:
            return type(dir_name)(name) if isinstance(dir_name, Path) else name
    raise failed or OSError(f"folder {dir_name} cannot be made")


def system_preferred_path(path: StrPath, warn: bool = False) -> StrPath:
    """Return the path as it is; on Windows with `-` for characters that names may not have."""
    if os.name != "nt":
        return path
    *_, name = path_fallbacks(path)
    if warn and name != os.fspath(path):
        from wandb.errors.term import termwarn

        termwarn(f"Replacing invalid characters in filename {path}: it is now {name}")
    return type(path)(name) if isinstance(path, Path) else name


def check_exists(path: StrPath) -> StrPath | None:
    """Return the first spelling of a path that exists, or None."""
    return next((name for name in path_fallbacks(path) if os.path.exists(name)), None)  # noqa: PTH110


def files_in(path: StrPath) -> Iterator[os.DirEntry[str]]:
    """Yield the files below a folder, if it is one."""
    if not os.path.isdir(path):  # noqa: PTH112
        return
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from files_in(entry.path)
            else:
                yield entry


def are_paths_on_same_drive(path1: Path, path2: Path) -> bool:
    """Whether two paths lie on one drive; everything does but on Windows."""
    return os.name != "nt" or path1.resolve().drive == path2.resolve().drive


@contextlib.contextmanager
def safe_open(path: StrPath, mode: str = "r", *args: Any, **kwargs: Any) -> Iterator[IO[Any]]:
    """Open a file; one that is written takes its place only at the end of the block, whole."""
    path = Path(path).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    if "r" in mode and "+" not in mode:
        with path.open(mode, *args, **kwargs) as file:
            yield file
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        fresh = Path(folder, path.name)
        if "a" in mode or "r" in mode:
            shutil.copy2(path, fresh)
        elif "x" in mode and path.exists():
            raise FileExistsError(f"{path} is there already")
        with fresh.open(mode, *args, **kwargs) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def safe_copy(source_path: StrPath, target_path: StrPath) -> StrPath:
    """Copy a file so that it appears whole or not at all; return where it is."""
    target = Path(target_path).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        fresh = Path(folder, target.name)
        shutil.copy2(source_path, fresh)
        fresh.replace(target)
    return target_path


def copy_or_overwrite_changed(source_path: StrPath, target_path: StrPath) -> StrPath:
    """Copy a file unless one of its age is there, let all read and its owner write; return where it is."""
    target = Path(system_preferred_path(target_path, warn=True))
    if not target.exists() or target.stat().st_mtime != Path(source_path).stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source_path, target)
    target.chmod(target.stat().st_mode | 0o600)
    return type(target_path)(target) if isinstance(target_path, Path) else str(target)


def unlink_path(path: Path) -> None:
    """Remove a file or a link, if it is there."""
    path.unlink(missing_ok=True)


def validate_glob_path(glob_path: PurePath, base_path: PurePath) -> None:
    """Check that a pattern for `save` is below its base.

    Raises:
        ValueError: it is elsewhere, or the base contains a `*`.
    """
    if not glob_path.is_relative_to(base_path) or ".." in glob_path.relative_to(base_path).parts:
        raise ValueError(f"{glob_path} is not below {base_path}: set base_path to a folder above the files")
    if "*" in str(base_path):
        raise ValueError(f"glob_path may have its * only after the base path, and that is {base_path}")

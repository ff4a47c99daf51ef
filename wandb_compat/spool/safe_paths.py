"""Keeps what an untrusted run directory names inside that directory, and tells whose directory it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class UnsafePath(OSError):
    """A run directory names a path outside itself."""


def inside(root: Path, name: str | os.PathLike[str]) -> Path:
    """Return the path that a record names, relative to a directory.

    Args:
        root: the directory that the path must stay in.
        name: what the record names.

    Raises:
        UnsafePath: it is absolute, or leads out of the directory, by `..` or by a symbolic link.
    """
    text = os.fspath(name)
    try:
        path = root / text
        if "\0" not in text and not Path(text).is_absolute() and path.resolve().is_relative_to(root.resolve()):
            return path
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a name that no file can have
        raise UnsafePath(f"{text!r} cannot be resolved in {root}: {error}") from error
    raise UnsafePath(f"{text!r} is outside {root}")


def direct_child(root: Path, name: str) -> Path:
    """Return the path of a file directly in a directory, which itself is not followed if it is a link.

    Raises:
        UnsafePath: the name is not that of a direct child.
    """
    if not name or name in (".", "..") or "/" in name or "\0" in name or os.sep in name:
        raise UnsafePath(f"{name!r} is not the name of a file in {root}")
    return root / name


def is_private(path: Path) -> bool:
    """Whether a directory belongs to this user, and no other user may write into it.

    The user's own group may: many systems give each user one.
    """
    if sys.platform == "win32" or not hasattr(os, "getuid"):
        return True
    status = path.stat()
    by_group = status.st_mode & 0o020 and status.st_gid != os.getgid()
    return status.st_uid == os.getuid() and not by_group and not status.st_mode & 0o002

"""Paths inside of artifacts, with `/` on every system."""

from __future__ import annotations

import os
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

StrPath = str | os.PathLike[str]
FilePathStr = str
URIStr = str


class LogicalPath(str):
    """A path in an artifact: a text with `/`, and pathlib's attributes beside.

    Example:
        >>> LogicalPath("a/./b.txt").parent
        PurePosixPath('a')
    """

    def __new__(cls, path: StrPath) -> LogicalPath:
        """Take a path of this system."""
        if isinstance(path, LogicalPath):
            return super().__new__(cls, path)
        if isinstance(path, PurePath):
            path = path.as_posix()
        text = os.fspath(path)
        if os.name == "nt":
            text = text.replace("\\", "/")
        return super().__new__(cls, PurePosixPath(text).as_posix())

    def to_path(self) -> PurePosixPath:
        """Return it as a path."""
        return PurePosixPath(self)

    def __getattr__(self, attr: str) -> Any:
        found = getattr(self.to_path(), attr)
        if not callable(found):
            return LogicalPath(found) if isinstance(found, PurePosixPath) else found

        def call(*args: Any, **kwargs: Any) -> Any:
            result = found(*args, **kwargs)
            return LogicalPath(result) if isinstance(result, PurePosixPath) else result

        return call

    def __truediv__(self, other: StrPath) -> LogicalPath:
        return LogicalPath(self.to_path() / LogicalPath(other))


def validate_relpath(path: StrPath) -> LogicalPath:
    """Return a path that stays below where it begins.

    Raises:
        ValueError: it is absolute or leads upwards.
    """
    checked = LogicalPath(path)
    if checked.to_path().is_absolute() or ".." in checked.to_path().parts or PurePath(os.fspath(path)).drive:
        raise ValueError(f"{os.fspath(path)!r} must be a relative path without `..`")
    return checked


def validate_fspath(root: StrPath, relpath: StrPath) -> FilePathStr:
    """Return a path below a folder.

    Raises:
        ValueError: links or `..` lead out of it.
    """
    base = Path(root).resolve()
    path = (base / validate_relpath(relpath)).resolve()
    if not path.is_relative_to(base):
        raise ValueError(f"{os.fspath(relpath)!r} leads out of {base}")
    return str(path)

"""Local paths for names from other systems, which this system or disk may not be able to hold."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)", re.IGNORECASE)
_REPLACEMENT = "-"  # as wandb replaces characters


def local_paths(root: Path, names: Iterable[str], *, windows: bool = os.name == "nt") -> dict[str, Path]:
    """Return a path below a directory for each name, a different one for each.

    Args:
        root: the directory; it exists.
        names: relative paths with `/`.
        windows: whether names must be those of Windows: other characters become `-`, and so does the end of a name that
            ends with a dot or a blank; a name of a device, such as `CON.txt`, gets a `-`.

    Returns:
        The paths by name. Where the disk does not distinguish upper and lower case, the later one of two names that
        fall together gets a hash.
    """
    folds = ignores_case(root)
    paths: dict[str, Path] = {}
    taken: set[str] = set()
    for name in names:
        local = "/".join(map(windows_name, name.split("/"))) if windows else name
        if folds:
            if _folded(local) in taken:
                stem, dot, suffix = local.rpartition(".")
                mark = f"{_REPLACEMENT}{hashlib.sha256(name.encode()).hexdigest()[:8]}"
                local = f"{stem}{mark}.{suffix}" if dot and "/" not in suffix else f"{local}{mark}"
            taken.add(_folded(local))
        paths[name] = Path(root, local)
    return paths


def windows_name(name: str) -> str:
    """Return a name of a file that Windows accepts."""
    name = _FORBIDDEN.sub(_REPLACEMENT, name)
    if name[-1:] in (".", " ") and name not in (".", ".."):
        name = name[:-1] + _REPLACEMENT
    return _DEVICE.sub(rf"\1{_REPLACEMENT}", name, count=1) if _DEVICE.match(name) else name


def ignores_case(directory: Path) -> bool:
    """Whether the disk of a directory finds it under a name in the other case too, as on Windows and macOS."""
    directory = directory.resolve()
    for path in (directory, *directory.parents):
        other = path.with_name(path.name.swapcase()) if path.name else path
        if other != path:
            try:
                return path.samefile(other)
            except OSError:
                return False
    return False


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()

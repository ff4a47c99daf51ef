"""Where processes of one user on one machine find each other's runs: small files in the folder for temporary files."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import tempfile
from pathlib import Path
from time import time
from typing import Any

from wandb_compat.spool.safe_paths import is_private
from wandb_compat.system.atomic_write import atomic_write

KEPT = 86_400.0  # seconds that what a dead process has left behind may still tell someone something


class ProcessRegistry:
    """One list of processes, each with a separate document; who has died is no longer in it."""

    def __init__(self, name: str) -> None:
        """Prepare the list of a name; nothing is made before something is entered."""
        self.folder = _ours() / name

    def enter(self, name: str, document: dict[str, Any]) -> None:
        """Put a document into the list, to be believed for as long as this process lives.

        Raises:
            OSError: the folder belongs to someone else, or cannot be written.
        """
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o700, exist_ok=True, parents=True)
            if not _own(folder):
                raise OSError(f"{folder} belongs to someone else")
        atomic_write(self.folder / name, json.dumps({**document, "pid": os.getpid(), "since": time()}))

    def leave(self, name: str) -> None:
        """Take a document out of the list, and with it what processes that were killed have left in this and others."""
        self._remove(name)
        with contextlib.suppress(OSError):
            for folder in self.folder.parent.iterdir():
                other = ProcessRegistry(folder.name)
                for left in other.names():
                    if folder.joinpath(left).stat().st_mtime < time() - KEPT and not alive(other.read(left) or {}):
                        other._remove(left)

    def _remove(self, name: str) -> None:
        """Remove a document, and the list when it was the last."""
        with contextlib.suppress(OSError):
            (self.folder / name).unlink(missing_ok=True)
            self.folder.rmdir()

    def read(self, name: str) -> dict[str, Any] | None:
        """Return a document, or None when none exists of that name."""
        try:
            if not _own(self.folder / name):
                return None
            document = json.loads((self.folder / name).read_text())
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None

    def names(self) -> list[str]:
        """Return the names in the list, the oldest first."""
        try:
            files = [(entry.stat().st_mtime, entry.name) for entry in os.scandir(self.folder)]
        except OSError:
            return []
        return [name for _, name in sorted(files) if not name.startswith(".")]


def alive(document: dict[str, Any]) -> bool:
    """Whether the process `pid` of a document, which was there at the moment `since`, still runs."""
    import psutil  # here, as few runs need it and every `init` would wait for it

    try:
        process = psutil.Process(document["pid"])
        # Numbers of processes come again; moments of their births are known to a second.
        return process.create_time() <= document["since"] + 1 and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError):
        return False


def _own(path: Path) -> bool:
    """Whether a file is this user's: others can write into the folder for temporary files too."""
    return not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()


def private_directory(name: str) -> Path:
    """Return a directory in the one for temporary files that only this user can enter, created if needed.

    Raises:
        OSError: none can be created.
    """
    path = _ours() / name
    try:
        for directory in (path.parent, path):
            directory.mkdir(mode=0o700, exist_ok=True)
            if directory.is_symlink() or not is_private(directory):
                raise OSError(f"{directory} belongs to another user")
    except OSError:  # another user was here first
        return Path(tempfile.mkdtemp(prefix=f"{_ours().name}-"))
    return path


def _ours() -> Path:
    try:
        user = str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
    except (OSError, KeyError, ImportError):  # Windows without the variable USERNAME, as in a service
        user = "user"
    return Path(tempfile.gettempdir(), f"wandb-compat-{user}")

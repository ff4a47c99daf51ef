"""Finds this machine's embedded server by what it leaves in its data folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from wandb_compat.system.locks import is_taken

ADDRESS_FILE, KEY_FILE, LOCK_FILE = "server.json", "key", "lock"
START_TIMEOUT = 30.0  # seconds


class LocalServer(NamedTuple):
    """A server that runs on this machine."""

    url: str
    key: str
    pid: int


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the default data folder."""
    home = environ.get("XDG_DATA_HOME") or environ.get("LOCALAPPDATA") or "~/.local/share"
    return Path(home).expanduser() / "wandb-compat" / "server"


def announce(folder: Path, url: str) -> None:
    """Write the address of this process, which is a server, into its data folder."""
    (folder / ADDRESS_FILE).write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="ascii")


def find(folder: Path) -> LocalServer | None:
    """Return the server that a data folder belongs to, whether it still runs or not; None before its first start."""
    try:
        address = json.loads((folder / ADDRESS_FILE).read_text(encoding="ascii"))
        key = (folder / KEY_FILE).read_text(encoding="ascii").strip()
        return LocalServer(address["url"], key, address["pid"]) if key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_running(folder: Path) -> LocalServer | None:
    """Return the server that is using a data folder, None when none exists or it is still starting."""
    lock = folder / LOCK_FILE
    # Without its lock, the address file is left over from a server that was killed.
    return find(folder) if lock.exists() and is_taken(lock) else None

"""The machine's own server: the one that has the usual data folder, found when it runs and started when not."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import filelock

PORT = 7480
START_TIMEOUT = 30.0  # seconds
NOTE = "server.json"


def data_folder() -> Path:
    """Return where the server keeps its data unless it is told otherwise."""
    home = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA") or "~/.local/share"
    return Path(home).expanduser() / "wandb-compat" / "server"


class NoServer(Exception):
    """The server could not be started; the text says why."""


@dataclass(frozen=True)
class HomeServer:
    """A server that runs on this machine."""

    url: str
    key: str
    pid: int


def note(folder: Path, url: str) -> None:
    """Leave word in a data folder where its server listens."""
    path = folder / NOTE
    path.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="ascii")


def running(folder: Path) -> HomeServer | None:
    """Return the server that has a data folder, None when none has."""
    if not (folder / "lock").exists():
        return None
    lock = filelock.FileLock(folder / "lock")
    try:
        with lock.acquire(timeout=0):
            return None  # a note that is there was left by a server that was killed
    except filelock.Timeout:
        pass
    try:
        told = json.loads((folder / NOTE).read_text(encoding="ascii"))
        key = (folder / "key").read_text(encoding="ascii").strip()
        return HomeServer(told["url"], key, told["pid"])
    except (OSError, ValueError, KeyError):
        return None  # it is just starting


def started(folder: Path) -> tuple[HomeServer, bool]:
    """Return the server of a data folder, which is started when none runs, and whether it was.

    It goes on when this process ends, and listens to this machine only.

    Raises:
        NoServer: it does not start.
    """
    server = running(folder)
    if server is not None:
        return server, False
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / "server.log"
    for port in (PORT, 0):
        with log.open("ab") as errors:
            before = errors.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "wandb_compat.server", "--data", str(folder), "--port", str(port)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
                cwd=folder,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            server = running(folder)
            if server is not None and server.pid == process.pid:
                return server, True
            time.sleep(0.05)
        process.kill()
        process.wait()
        server = running(folder)  # two scripts that begin at once start two servers, of which one gets the folder
        if server is not None:
            return server, False
    said = log.read_bytes()[before:].decode(errors="replace").strip()
    raise NoServer(f"The server did not start: {said or f'it said nothing within {START_TIMEOUT:.0f} s'}")


def stop(folder: Path) -> bool:
    """End the server of a data folder in good order; return whether there was one."""
    server = running(folder)
    if server is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + START_TIMEOUT
    while running(folder) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return True

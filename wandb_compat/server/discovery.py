"""Starts this machine's server in the background, and stops it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from wandb_compat.config.local_server import START_TIMEOUT, LocalServer, find_running
from wandb_compat.system.background import detached

PORT = 7480


class StartError(Exception):
    """The server could not be started; the message gives the reason."""


def find_or_start(folder: Path) -> tuple[LocalServer, bool]:
    """Return the server of a data folder, started if necessary, and whether it was started.

    The server outlives this process and listens on the loopback interface only.

    Raises:
        StartError: the server did not start.
    """
    server = find_running(folder)
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
                cwd=folder,
                **detached(),
            )
        deadline = time.monotonic() + START_TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            server = find_running(folder)
            if server is not None and server.pid == process.pid:
                return server, True
            time.sleep(0.05)
        process.kill()
        process.wait()
        server = find_running(folder)  # two scripts may start two servers at the same time: one gets the folder
        if server is not None:
            return server, False
    output = log.read_bytes()[before:].decode(errors="replace").strip()
    raise StartError(f"The server did not start: {output or f'no output within {START_TIMEOUT:.0f} s'}")


def stop(folder: Path) -> bool:
    """Stop the server of a data folder cleanly; return whether one was running."""
    server = find_running(folder)
    if server is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + START_TIMEOUT
    while find_running(folder) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return True

"""The name of this machine for other processes that read the same disk."""

from __future__ import annotations

import socket
import sys
from functools import lru_cache
from pathlib import Path


def machine_name() -> str:
    """Return a name that stays the same while the machine runs.

    That is the host name, except on macOS, where the host name follows the network: there it is the hardware's UUID.
    """
    if sys.platform == "darwin":
        return _hardware_uuid() or socket.gethostname()
    return socket.gethostname()


def process_space() -> int | None:
    """Return what distinguishes containers of one host name: the same process id means other processes there."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return None


@lru_cache(maxsize=1)
def _hardware_uuid() -> str | None:
    import ctypes  # macOS only

    try:
        uuid = (ctypes.c_ubyte * 16)()
        wait = (ctypes.c_long * 2)(1, 0)  # a timespec: the call may ask a daemon
        failed = ctypes.CDLL(None).gethostuuid(uuid, wait)
    except (OSError, AttributeError):
        return None
    return None if failed else bytes(uuid).hex()

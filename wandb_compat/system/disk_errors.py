"""Tells errors of a disk that pass from those that stay, and tries again where another program holds a file."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# No space, no descriptors, no memory, an interrupted call, a file in use, no answer from a network disk.
_TRANSIENT = {
    getattr(errno, name)
    for name in (
        *("EAGAIN", "EBUSY", "EDQUOT", "EINTR", "EIO", "EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "ESTALE"),
        *("ETIMEDOUT", "ETXTBSY", "EHOSTDOWN", "ENOTCONN"),
    )
    if hasattr(errno, name)
}
# Windows: access denied (also while a deletion is pending), sharing violation, lock violation. Virus scanners, indexers
# and backups open each new file for a moment.
_IN_USE = {5, 32, 33}
_ATTEMPTS = 8
_PAUSE = 0.01  # seconds before the second attempt, doubled each time: 1.3 s in all


def is_transient(error: OSError) -> bool:
    """Whether the same operation may succeed later."""
    return error.errno in _TRANSIENT or is_in_use(error)


def is_in_use(error: OSError) -> bool:
    """Whether another program holds the file, as only Windows reports it."""
    return getattr(error, "winerror", None) in _IN_USE


def while_in_use(action: Callable[[], T]) -> T:
    """Return the result of an action on a file; try again for about a second while another program holds the file.

    Raises:
        OSError: any other error, or the file is still held.
    """
    pause = _PAUSE
    for _ in range(_ATTEMPTS - 1):
        try:
            return action()
        except OSError as error:
            if not is_in_use(error):
                raise
        time.sleep(pause)
        pause *= 2
    return action()

"""Troubles of this machine that pass, so that what they keep from being sent waits and is not given up."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

# No room, no descriptors, no memory, no answer from a network disk.
_ERRORS = {
    getattr(errno, name)
    for name in ("EAGAIN", "EDQUOT", "EIO", "EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "ESTALE", "ETIMEDOUT")
    if hasattr(errno, name)
}


def passes(error: OSError) -> bool:
    """Whether the same may succeed later."""
    return error.errno in _ERRORS


@contextmanager
def heeded() -> Iterator[None]:
    """Turn what this machine cannot do now, but later, into Unavailable."""
    try:
        yield
    except OSError as error:
        if not passes(error):
            raise
        from wandb_compat.wire.client import Unavailable

        raise Unavailable(f"this machine cannot send from the run folder: {error}") from error

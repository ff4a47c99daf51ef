"""OS errors of this machine that are worth a retry: what they kept from being sent waits and is not given up."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from wandb_compat.wire.errors import Unavailable

# No space, no descriptors, no memory, no answer from a network disk.
_RETRYABLE = {
    getattr(errno, name)
    for name in ("EAGAIN", "EDQUOT", "EIO", "EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "ESTALE", "ETIMEDOUT")
    if hasattr(errno, name)
}


def is_retryable(error: OSError) -> bool:
    """Whether the same operation may succeed later."""
    return error.errno in _RETRYABLE


@contextmanager
def retryable() -> Iterator[None]:
    """Re-raise retryable OS errors as Unavailable."""
    try:
        yield
    except OSError as error:
        if not is_retryable(error):
            raise
        raise Unavailable(f"this machine cannot read or write the run directory: {error}") from error

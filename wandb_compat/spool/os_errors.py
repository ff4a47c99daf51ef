"""OS errors of this machine that are worth a retry: what they kept from being sent waits and is not given up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wandb_compat.system.disk_errors import is_transient
from wandb_compat.wire.errors import Unavailable


@contextmanager
def retryable() -> Iterator[None]:
    """Re-raise retryable OS errors as Unavailable."""
    try:
        yield
    except OSError as error:
        if not is_transient(error):
            raise
        raise Unavailable(f"this machine cannot read or write the run directory: {error}") from error

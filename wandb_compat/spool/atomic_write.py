"""Write-then-rename: a reader finds the old file or the new one, whole."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from wandb_compat.system.file_access import replace


def atomic_write(path: Path, data: bytes | str, *, durable: bool = False) -> None:
    """Replace a file as a whole.

    Args:
        path: the file; its directory must exist.
        data: the content; text is written as UTF-8.
        durable: whether it must survive a crash of the machine on return, and not only of the process.

    Raises:
        OSError: the content could not be written; the old file is untouched.
    """
    content = data.encode() if isinstance(data, str) else data
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with draft.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    if durable and hasattr(os, "O_DIRECTORY"):
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

"""Write-then-rename: a reader finds the old file or the new one, whole."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from wandb_compat.system.file_access import private_opener, replace


def atomic_write(path: Path, data: bytes | str, *, durable: bool = False, private: bool = False) -> None:
    """Replace a file as a whole.

    Args:
        path: the file; its directory must exist.
        data: the content; text is written as UTF-8.
        durable: whether it must survive a crash of the machine on return, and not only of the process.
        private: whether only its owner may read it.

    Raises:
        OSError: the content could not be written; the old file is untouched.
    """
    content = data.encode() if isinstance(data, str) else data
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        if private:
            draft.unlink(missing_ok=True)  # one that a killed process has left may be readable for others
        with open(draft, "wb", opener=private_opener if private else None) as stream:
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

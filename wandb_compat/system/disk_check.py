"""Finds out what the disk of a directory lacks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from wandb_compat.system import locks


def missing_features(directory: Path) -> list[str]:
    """Return what the disk of a directory cannot do, in words; most disks can do everything.

    Raises:
        OSError: nothing can be written there.
    """
    with tempfile.TemporaryDirectory(prefix=".wandb-compat-", dir=directory) as folder:
        file = Path(folder, "file")
        file.touch()
        features: dict[str, Callable[[], object]] = {
            "file locks": lambda: locks.check_support(Path(folder, "lock")),
            "symbolic links": lambda: Path(folder, "symbolic").symlink_to(file),
            "hard links": lambda: Path(folder, "hard").hardlink_to(file),
            "permissions": lambda: file.chmod(0o600),
        }
        return [name for name, use in features.items() if _fails(use)]


def _fails(use: Callable[[], object]) -> bool:
    try:
        use()
    except OSError:
        return True
    return False

"""Walks the folders that artifacts are made of and downloaded to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wandb.errors.term import termwarn
from wandb_compat import staging


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, through links as well; a link that leads nowhere is said."""
    for path in staging.below(folder):
        if path.exists():
            yield path
        else:
            termwarn(f"{path} is a link that leads nowhere; it is left out")

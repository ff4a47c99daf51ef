"""Finds run directories on disk, and what each has for the server."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click

from wandb_compat.config.settings import Settings
from wandb_compat.spool import journal
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import read_start
from wandb_compat.spool.layout import DUAL_DIR
from wandb_compat.spool.pending import pending_rows
from wandb_compat.spool.records import Start

LATEST = "latest-run"  # a link to the newest run directory; systems without links have none
PARENTS = ("wandb", ".wandb")  # where wandb puts run directories


@dataclass(slots=True)
class RunDir:
    """A run directory; `start` is None when the file in it has not the format of our journal."""

    path: Path
    start: Start | None

    @classmethod
    def at(cls, path: Path) -> RunDir:
        """Read the start record of a run directory."""
        return cls(path, read_start(path))

    @property
    def pending(self) -> int:
        """How many history rows the server does not have yet."""
        return pending_rows(self.path)

    @property
    def delivered(self) -> bool:
        """Whether the server has everything and the run is finished there."""
        offsets = Offsets(self.path)
        return offsets.closed and offsets.covers(journal.files(self.path))

    def __str__(self) -> str:
        """The path as the user would type it."""
        here = Path.cwd()
        return str(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)


def default_path() -> Path:
    """Return the directory with the runs of this working directory: `wandb` in it, or in WANDB_DIR or PLUTO_DIR."""
    root = Settings.read()[0].root()
    return next((root / name for name in PARENTS if (root / name).is_dir()), root)


def find_run_dirs(path: Path) -> list[RunDir]:
    """Return the run directories that a path names, in the order in which the runs began.

    Args:
        path: a run directory or a link to one, a file `run-<id>.wandb` in it, or a directory above run directories.

    Raises:
        click.ClickException: the path does not exist, or is an unrelated file.
    """
    if not path.exists() and path.name == LATEST:
        path = max(path.parent.glob("*run-*"), key=lambda found: found.name.partition("run-")[2], default=path)
    if not path.exists():
        raise click.ClickException(f"{path} does not exist; name a run directory, or a directory above some")
    root = (path.parent if path.is_file() else path).resolve()
    if (own := _own(root)) is not None:
        return [RunDir.at(own)]
    if path.is_file():
        raise click.ClickException(
            f"{path} is not a file run-<id>.wandb; name a run directory, or a directory above some"
        )
    found = []
    for directory, below, _ in os.walk(root):
        if (own := _own(Path(directory))) is not None:
            found.append(RunDir.at(own))
            below.clear()
        below[:] = [name for name in below if not name.startswith(".") or name in PARENTS]
    return sorted(found, key=lambda run_dir: (run_dir.start.time if run_dir.start else 0, run_dir.path))


def _own(path: Path) -> Path | None:
    """Return the run directory at a path; inside one of the real wandb that is dual mode's."""
    return next((run_dir for run_dir in (path / DUAL_DIR, path) if journal.files(run_dir)), None)

"""Run folders on disk: finding them, and what each holds for the server."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click

from wandb_compat.config.settings import Settings
from wandb_compat.spool import journal
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import read_start
from wandb_compat.spool.pending import pending_rows
from wandb_compat.spool.records import Start

HOMES = ("wandb", ".wandb")  # where wandb puts run folders
MIRROR = "pluto"  # where dual mode puts its own run folder in one of the real wandb


@dataclass(slots=True)
class Folder:
    """A run folder; `start` is None when the file in it is not of our journal's form."""

    home: Path
    start: Start | None

    @classmethod
    def at(cls, home: Path) -> Folder:
        """Look into a run folder."""
        return cls(home, read_start(home))

    @property
    def waiting(self) -> int:
        """History rows that the server does not have."""
        return pending_rows(self.home)

    @property
    def delivered(self) -> bool:
        """Whether the server has everything and the run is closed there."""
        offsets = Offsets(self.home)
        return offsets.closed and offsets.covers(journal.files(self.home))

    def __str__(self) -> str:
        """The path as the user would type it."""
        here = Path.cwd()
        return str(self.home.relative_to(here) if self.home.is_relative_to(here) else self.home)


def default_path() -> Path:
    """Return where runs of this working directory lie: `wandb` there, or in WANDB_DIR or PLUTO_DIR."""
    root = Settings.read()[0].root()
    return next((root / name for name in HOMES if (root / name).is_dir()), root)


def find(path: Path) -> list[Folder]:
    """Return the run folders that a path names, in the order in which the runs began.

    Args:
        path: a run folder or a link to one, a file `run-<id>.wandb` in it, or a directory somewhere above run folders.

    Raises:
        click.ClickException: there is nothing like that.
    """
    if not path.exists():
        raise click.ClickException(f"{path} does not exist; name a run folder, or a directory that holds some")
    home = (path.parent if path.is_file() else path).resolve()
    if (own := _own(home)) is not None:
        return [Folder.at(own)]
    if path.is_file():
        raise click.ClickException(f"{path} is no run-<id>.wandb; name a run folder, or a directory that holds some")
    found = []
    for folder, below, _ in os.walk(home):
        if (own := _own(Path(folder))) is not None:
            found.append(Folder.at(own))
            below.clear()
        below[:] = [name for name in below if not name.startswith(".") or name in HOMES]
    return sorted(found, key=lambda folder: (folder.start.time if folder.start else 0, folder.home))


def _own(home: Path) -> Path | None:
    """Return the run folder at a path; beside the files of a run of the real wandb that is the mirror's."""
    return next((folder for folder in (home / MIRROR, home) if journal.files(folder)), None)

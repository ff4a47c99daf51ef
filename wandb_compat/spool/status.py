"""What a courier tells others about its work: one small JSON file beside the journal, replaced as a whole."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Literal

from wandb_compat.spool.atomic_write import atomic_write

Phase = Literal["starting", "delivering", "waiting", "delivered", "done", "left"]
ENDED = ("done", "left")
SIGN_INTERVAL = 30.0  # seconds between two signs of life


@dataclass(slots=True)
class State:
    """The courier's account of a run folder.

    `phase` is `waiting` while the server cannot be reached or refuses the key, `delivered` when
    everything has arrived and rank 0 waits for the other ranks to end the run, `done` when everything has arrived and
    the run is closed, `left` when the courier has ended before that. `trouble` is a sentence for the user, `since` the
    moment (s since the epoch) at which it began, and `due` the one from which the server lets itself be asked again,
    when all that is amiss is that it is busy.
    """

    pid: int = 0
    phase: Phase = "starting"
    run: int | None = None
    display_id: str | None = None
    url: str | None = None
    resumed: bool | None = None
    sent: int = 0
    refused: int = 0
    trouble: str | None = None
    due: float | None = None
    since: float | None = None
    cancelled: bool = False
    orphans: str | None = None  # a sentence on runs beside this one that were cut off

    @staticmethod
    def path(home: Path) -> Path:
        """Return where the account of a run folder lies."""
        return home / "journal" / "courier.json"

    @staticmethod
    def lock(home: Path) -> Path:
        """Return what the one courier holds that is at work on a run folder."""
        return home / "journal" / "courier.lock"

    @classmethod
    def read(cls, home: Path) -> State | None:
        """Return the account, or None when no courier has ever worked here."""
        try:
            return cls(**json.loads(cls.path(home).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    @classmethod
    def live(cls, home: Path) -> None:
        """Give a sign of life, which others can see in the account's time of change."""
        with contextlib.suppress(OSError):
            if time() - cls.path(home).stat().st_mtime > SIGN_INTERVAL:
                os.utime(cls.path(home))

    @classmethod
    def reserve(cls, home: Path) -> None:
        """Make the files that a courier cannot do without, before the disk may be full."""
        with contextlib.suppress(OSError):
            cls.path(home).parent.mkdir(parents=True, exist_ok=True)
            cls.lock(home).touch()
            if not cls.path(home).exists():
                cls._spare(home).write_text(" " * 1024)

    @classmethod
    def _spare(cls, home: Path) -> Path:
        return cls.path(home).with_suffix(".spare")

    def write(self, home: Path) -> None:
        """Replace the account; a full disk is no reason to stop delivering."""
        path = self.path(home)
        text = json.dumps(asdict(self))
        try:
            atomic_write(path, text)
        except OSError:
            with contextlib.suppress(OSError):
                # There is no room for another file, but these have theirs.
                spare = path if path.exists() else self._spare(home)
                with spare.open("r+b") as file:
                    file.write(text.encode().ljust(spare.stat().st_size))
                spare.replace(path)

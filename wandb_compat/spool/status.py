"""The uploader's status: one small JSON file beside the journal, replaced as a whole."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import time
from typing import Literal

from wandb_compat.system.atomic_write import atomic_write

Phase = Literal["starting", "delivering", "waiting", "delivered", "done", "left"]
ENDED = ("done", "left")
TOUCH_INTERVAL = 30.0  # seconds between two updates of the status file's time


# What a lane carries, in the plural.
_WORDS = {"metrics": "rows", "data": "texts or other values", "console": "console lines", "artifacts": "artifact files"}

# Files of the uploader had other names until version 1.0: those of old run directories are still read.
_OLD_STEM = "courier"


def old_name(path: Path) -> Path:
    """Return the name that an uploader's file has in an old run directory."""
    return path.with_name(path.name.replace("uploader", _OLD_STEM, 1))


def existing(path: Path) -> Path:
    """Return the path of an uploader's file, or its old one when only that exists."""
    old = old_name(path)
    return old if not path.exists() and old.exists() else path


@dataclass(slots=True)
class State:
    """The uploader's status of a run directory.

    `phase` is `waiting` while the server cannot be reached or refuses the key, `delivered` when
    everything has arrived and rank 0 waits for the other ranks to end the run, `done` when everything has arrived and
    the run is closed, `left` when the uploader has ended before that. `trouble` is a sentence for the user, `since` the
    moment (s since the epoch) at which it began, and `due` the one from which the server lets itself be asked again,
    when all that is amiss is that it is busy.
    """

    pid: int = 0
    phase: Phase = "starting"
    run: int | None = None
    project: str | None = None  # its name on the server; earlier releases did not note it
    display_id: str | None = None
    url: str | None = None
    resumed: bool | None = None
    sent: int = 0
    refused: int = 0
    trouble: str | None = None
    due: float | None = None
    since: float | None = None
    cancelled: bool = False
    unverified: int = 0  # stretches of records that were acknowledged and not seen to be stored
    healed: dict[str, int] = field(default_factory=dict)  # by lane: records that the server lost, sent again
    permanent: bool = False  # whether `trouble` needs the user: a refused key or request
    verifiable: bool = True  # whether the server can be asked for what it stored
    several: bool = False  # whether it was seen to have several ingest services behind one address
    recovery: str | None = None  # a message on interrupted runs beside this one

    @property
    def verified(self) -> Literal["yes", "not yet", "accepted"]:
        """Whether what the server acknowledged was read back; `accepted` where it cannot be asked."""
        if not self.verifiable:
            return "accepted"
        return "yes" if self.phase == "done" and not self.unverified else "not yet"

    @property
    def healed_in_words(self) -> str:
        """What the server acknowledged and then lost, as a sentence, or nothing."""
        *others, last = [f"{count} {_WORDS.get(lane, lane)}" for lane, count in self.healed.items()] or [""]
        what = f"{', '.join(others)} and {last}" if others else last
        return f"the server had lost {what} that it had acknowledged" if what else ""

    @staticmethod
    def path(run_dir: Path) -> Path:
        """Return the path of the status file of a run directory."""
        return run_dir / "journal" / "uploader.json"

    @staticmethod
    def lock(run_dir: Path) -> Path:
        """Return the lock that the only uploader of a run directory holds."""
        return run_dir / "journal" / "uploader.lock"

    @classmethod
    def locks(cls, run_dir: Path) -> list[Path]:
        """Return all files to lock: that of an uploader of an older version too, where there was one."""
        lock = cls.lock(run_dir)
        return [lock, *filter(Path.exists, [old_name(lock)])]

    @classmethod
    def read(cls, run_dir: Path) -> State | None:
        """Return the account, or None when no uploader has ever worked here."""
        try:
            path = existing(cls.path(run_dir))
            document = json.loads(path.read_bytes())
            document.setdefault("verifiable", "unverified" in document)  # earlier releases did not verify
            return cls(**{name: value for name, value in document.items() if name in cls.__dataclass_fields__})
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    @classmethod
    def touch(cls, run_dir: Path) -> None:
        """Show that the uploader lives, by the file's time of change."""
        with contextlib.suppress(OSError):
            if time() - cls.path(run_dir).stat().st_mtime > TOUCH_INTERVAL:
                os.utime(cls.path(run_dir))

    @classmethod
    def reserve(cls, run_dir: Path) -> None:
        """Make the files that an uploader cannot do without, before the disk may be full."""
        with contextlib.suppress(OSError):
            cls.path(run_dir).parent.mkdir(parents=True, exist_ok=True)
            cls.lock(run_dir).touch()
            if not cls.path(run_dir).exists():
                cls._spare(run_dir).write_text(" " * 1024)

    @classmethod
    def _spare(cls, run_dir: Path) -> Path:
        return cls.path(run_dir).with_suffix(".spare")

    def write(self, run_dir: Path) -> None:
        """Replace the account; a full disk is not a reason to stop delivering."""
        path = self.path(run_dir)
        text = json.dumps(asdict(self))
        try:
            atomic_write(path, text)
        except OSError:
            with contextlib.suppress(OSError):
                # There is no room for another file, but these have theirs.
                spare = path if path.exists() else self._spare(run_dir)
                with spare.open("r+b") as file:
                    file.write(text.encode().ljust(spare.stat().st_size))
                spare.replace(path)

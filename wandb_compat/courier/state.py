"""What a courier tells others about its work: one small JSON file beside the journal, replaced as a whole."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Phase = Literal["starting", "delivering", "waiting", "delivered", "done", "left"]
ENDED = ("done", "left")


@dataclass(slots=True)
class State:
    """The courier's account of a run folder.

    `phase` is `waiting` while the server cannot be reached or refuses the key, `delivered` when
    everything has arrived and rank 0 waits for the other ranks to end the run, `done` when everything has arrived and
    the run is closed, `left` when the courier has ended before that. `trouble` is a sentence for the user.
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
    cancelled: bool = False

    @staticmethod
    def path(home: Path) -> Path:
        """Return where the account of a run folder lies."""
        return home / "journal" / "courier.json"

    @classmethod
    def read(cls, home: Path) -> State | None:
        """Return the account, or None when no courier has ever worked here."""
        try:
            return cls(**json.loads(cls.path(home).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, home: Path) -> None:
        """Replace the account; a full disk is no reason to stop delivering."""
        path = self.path(home)
        draft = path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(asdict(self)))
            draft.replace(path)

"""What the trainer tells its uploader of the settings.

The uploader does not read them itself: pydantic would be a fifth of its memory and almost a third of its start.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wandb_compat.config.settings import Settings


class WorkerConfig(NamedTuple):
    """The settings that an uploader goes by, each under its name there."""

    urls: list[str | None]
    linger: float
    adopt: bool
    journal_limit: int
    segment_size: int
    batch_size: int
    heartbeat: float

    @classmethod
    def of(cls, settings: Settings) -> WorkerConfig:
        """Return what the settings say."""
        return cls(**{name: getattr(settings, name) for name in cls._fields})

    def hello(self, key: str | None, trainer: int | None) -> bytes:
        """Return the line by which an uploader sets out; it comes through standard input, where no other tool shows it.

        Args:
            key: of the Pluto server, None when there is none.
            trainer: number of the process to follow, None when there is none.
        """
        return json.dumps({"key": key, "trainer": trainer, "orders": self._asdict()}).encode() + b"\n"

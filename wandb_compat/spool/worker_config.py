"""The settings that the trainer passes to its uploader.

The uploader does not read them itself: the script may have changed its environment since.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wandb_compat.config.settings import Settings


HELLO_LIMIT = 16 * 1024  # bytes; the smallest pipes that systems make hold as many


class WorkerConfig(NamedTuple):
    """The settings of an uploader, each under its name in `Settings`."""

    urls: list[str | None]
    linger: float
    adopt: bool
    journal_limit: int
    segment_size: int
    batch_size: int
    heartbeat: float

    @classmethod
    def of(cls, settings: Settings) -> WorkerConfig:
        """Return the configuration that the settings contain."""
        return cls(**{name: getattr(settings, name) for name in cls._fields})

    def hello(
        self,
        key: str | None,
        trainer: int | None,
        no_key: str | None = None,
        *,
        run_dir: Path | None = None,
        stay: bool = False,
    ) -> bytes:
        """Return a line of an uploader's standard input, which no tool shows, unlike arguments and environment.

        Args:
            key: of the Pluto server, None when none exists.
            trainer: number of the process to follow, None when none exists.
            no_key: why there is no key, for the user.
            run_dir: the run directory, if the uploader's arguments do not name it.
            stay: whether the uploader may be given another run when it has delivered this one.

        Raises:
            ValueError: it is so long that a pipe may not hold it, and who writes it would wait.
        """
        document = {"key": key, "trainer": trainer, "config": self._asdict(), "no_key": no_key, "stay": stay}
        if run_dir is not None:
            document["run_dir"] = str(run_dir)
        line = json.dumps(document).encode() + b"\n"
        if len(line) > HELLO_LIMIT:
            raise ValueError(f"the URLs of the Pluto server are too long: {sum(len(url or '') for url in self.urls)}")
        return line

"""Writes log messages to the uploader's log of the run that they are about, where a process uploads several."""

from __future__ import annotations

import contextlib
import logging
from contextvars import ContextVar
from pathlib import Path

current_run_dir: ContextVar[Path | None] = ContextVar("current_run_dir", default=None)  # what this thread uploads


class RunLogs(logging.Handler):
    """Appends messages to `logs/uploader.log` in the directory that `current_run_dir` names; others are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Append a message, unless the disk is full."""
        run_dir = current_run_dir.get()
        if run_dir is None:
            return
        with contextlib.suppress(OSError):
            (run_dir / "logs").mkdir(exist_ok=True)
            with (run_dir / "logs" / "uploader.log").open("a", encoding="utf-8") as log:
                log.write(self.format(record) + "\n")

"""Tells whether the training process that writes a run directory is alive."""

from __future__ import annotations

import json
from pathlib import Path

import psutil

from wandb_compat.spool import journal
from wandb_compat.system.machine import machine_name, process_space


class Trainer:
    """The process that writes the journal; not alive when the directory was copied from another machine."""

    def __init__(self, pid: int | None) -> None:
        try:
            self._process = psutil.Process(pid) if pid is not None else None
        except psutil.NoSuchProcess:
            self._process = None

    @classmethod
    def of_run(cls, run_dir: Path) -> Trainer:
        """Return the process that the journal names, if it was on this machine."""
        found = [cls.of_file(file) for file in journal.files(run_dir)[:1]]
        return next((trainer for trainer in found if trainer is not None), cls(None))

    @classmethod
    def of_file(cls, file: Path) -> Trainer | None:
        """Return the process that has written a journal file, or None if that was on another machine."""
        entries, _ = next(journal.read(file, size=4096), ([], 0))
        writer = json.loads(entries[0].document) if entries and entries[0].kind == b"journal" else {}
        if writer.get("host") != machine_name() or writer.get("processes") != process_space():
            return None
        return cls.of_writer(writer["pid"], file)

    @classmethod
    def of_writer(cls, pid: int, file: Path) -> Trainer:
        """Return the process of this machine that has written a file, unless its number belongs to a later one."""
        process = cls(pid)
        return process if process._older_than(file) else cls(None)

    def _older_than(self, file: Path) -> bool:
        """Whether the process existed before the file was last written: process numbers are reused."""
        return self._process is not None and self._process.create_time() <= file.stat().st_mtime + 1

    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        try:
            process = self._process
            return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

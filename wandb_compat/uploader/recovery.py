"""Run folders whose trainer and uploader have died together: the next run beside them delivers what they left."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from wandb_compat.spool import journal
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import read_start
from wandb_compat.spool.pending import pending_rows
from wandb_compat.spool.records import Start
from wandb_compat.spool.status import ENDED, State, existing
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader.worker import Trainer, Worker
from wandb_compat.wire.errors import NoRunFound, RunDirBusy

log = logging.getLogger(__name__)

MIRROR = "pluto"  # the mirror's run directory in one of the real wandb
SILENCE = 300.0  # seconds without a sign of life after which a process on another machine is taken for dead
OPTION = "--orphans"


@dataclass(slots=True)
class Orphan:
    """A run directory that nobody is at, though the server lacks something of it."""

    run_dir: Path
    start: Start

    def is_part_of(self, start: Start) -> bool:
        """Whether it is an earlier part of a run."""
        mine, other = self.start, start
        return (mine.project, mine.target or mine.id) == (other.project, other.target or other.id)


def find(run_dir: Path) -> list[Orphan]:
    """Return what lies orphaned beside a run directory, the oldest first.

    Offline runs are none: they wait for `sync`. Of those that had an uploader, one is orphaned when no process of this
    machine that wrote in it is alive, and when those of other machines have not touched it for SILENCE seconds. That
    no uploader is at it the lock tells who comes to deliver it.
    """
    pattern = f"*run-*/{MIRROR}" if run_dir.name == MIRROR else "*run-*"
    root = run_dir.parent.parent if run_dir.name == MIRROR else run_dir.parent
    found = [_orphan(folder) for folder in root.glob(pattern) if folder != run_dir and not folder.is_symlink()]
    return sorted((one for one in found if one is not None), key=lambda one: one.start.time)


def _orphan(run_dir: Path) -> Orphan | None:
    state = State.read(run_dir)
    if (state is not None and state.phase == "done") or not existing(run_dir / "logs" / "uploader.log").exists():
        return None
    try:
        start = read_start(run_dir)
        acks = Offsets(run_dir)
        files = journal.files(run_dir)
        if start is None or (acks.closed and acks.cover(files)) or not _abandoned(run_dir, files):
            return None
    except (OSError, ValueError, KeyError):  # somebody is at it, or it is spoilt
        return None
    return Orphan(run_dir, start)


def _abandoned(run_dir: Path, files: list[Path]) -> bool:
    state = State.read(run_dir)
    if state is not None and state.phase not in ENDED and Trainer.at_work(state.pid, State.path(run_dir)).alive():
        return False
    elsewhere = False
    for file in files:
        trainer = Trainer.of_file(file)
        if trainer is None:
            elsewhere = True
        elif trainer.alive():
            return False
    return not elsewhere or _silence(run_dir, files) > SILENCE


def _silence(run_dir: Path, files: list[Path]) -> float:
    """Return the seconds since anything was last written, by the clock of the file system that holds it."""
    probe = run_dir / "journal" / f"probe.{os.getpid()}"
    try:
        probe.touch()
        now = probe.stat().st_mtime
    except OSError:
        return 0.0
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    path = existing(State.path(run_dir))
    signs = [*files, *path.parent.glob(f"{path.stem}*")]
    return now - max((file.stat().st_mtime for file in signs), default=now)


def adopt(run_dir: Path, start: Start, key: str, orders: WorkerConfig) -> str | None:
    """See to what lies orphaned beside a run directory; return a sentence for the user when there is anything.

    Earlier parts of the same run are delivered before this returns, or the old values would come after the new ones.
    For the rest a process sets out that outlives the run.
    """
    found = find(run_dir)
    if not found:
        return None
    counts = [pending_rows(orphan.run_dir) for orphan in found]
    others = [orphan for orphan in found if not orphan.is_part_of(start)]
    for orphan in found:
        if orphan not in others:
            _deliver(orphan, key, orders._replace(linger=0.0))
    if others:
        command = [sys.executable, "-m", "wandb_compat.uploader", str(run_dir), OPTION]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        assert process.stdin is not None
        process.stdin.write(orders.hello(key, None))
        process.stdin.close()
    names = ", ".join(orphan.start.id for orphan in found[:3]) + (", …" if len(found) > 3 else "")
    runs = f"{len(found)} earlier runs that were cut off ({names})" if len(found) > 1 else f"run {names}, cut off,"
    return f"{runs} left {sum(counts)} rows here; they are sent to Pluto in the background"


def deliver(run_dir: Path, key: str, orders: WorkerConfig) -> None:
    """Deliver what lies orphaned beside a run directory, one after the other."""
    for orphan in find(run_dir):
        _deliver(orphan, key, orders)


def _deliver(orphan: Orphan, key: str, orders: WorkerConfig) -> None:
    try:
        state = Worker(orphan.run_dir, key, orders, trainer=Trainer(None), follow=False).run()
        log.info("orphan %s: %s, %s rows sent, %s refused", orphan.run_dir, state.phase, state.sent, state.refused)
    except (RunDirBusy, NoRunFound, OSError) as error:
        log.info("orphan %s: %s", orphan.run_dir, error)

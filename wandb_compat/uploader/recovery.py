"""Run folders whose trainer and courier have died together: the next run beside them delivers what they left."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from wandb_compat.spool import journal
from wandb_compat.spool.delivery_log import Acks, start_of, waiting_rows
from wandb_compat.spool.records import Start
from wandb_compat.spool.status import ENDED, State
from wandb_compat.spool.worker_config import Orders
from wandb_compat.uploader.worker import Trainer, Work
from wandb_compat.wire.errors import NoRunFound, RunDirBusy

log = logging.getLogger(__name__)

MIRROR = "pluto"  # the mirror's run folder in one of the real wandb
SILENCE = 300.0  # seconds without a sign of life after which a process on another machine is taken for dead
OPTION = "--orphans"


@dataclass(slots=True)
class Orphan:
    """A run folder that nobody is at, though the server lacks something of it."""

    home: Path
    start: Start

    def is_part_of(self, start: Start) -> bool:
        """Whether it is an earlier part of a run."""
        mine, other = self.start, start
        return (mine.project, mine.target or mine.id) == (other.project, other.target or other.id)


def find(home: Path) -> list[Orphan]:
    """Return what lies orphaned beside a run folder, the oldest first.

    Offline runs are none: they wait for `sync`. Of those that had a courier, one is orphaned when no process of this
    machine that wrote in it is alive, and when those of other machines have not touched it for SILENCE seconds. That
    no courier is at it the lock tells who comes to deliver it.
    """
    pattern = f"*run-*/{MIRROR}" if home.name == MIRROR else "*run-*"
    root = home.parent.parent if home.name == MIRROR else home.parent
    found = [_orphan(folder) for folder in root.glob(pattern) if folder != home and not folder.is_symlink()]
    return sorted((one for one in found if one is not None), key=lambda one: one.start.time)


def _orphan(home: Path) -> Orphan | None:
    state = State.read(home)
    if (state is not None and state.phase == "done") or not (home / "logs" / "courier.log").exists():
        return None
    try:
        start = start_of(home)
        acks = Acks(home)
        files = journal.files(home)
        if start is None or (acks.closed and acks.cover(files)) or not _abandoned(home, files):
            return None
    except (OSError, ValueError, KeyError):  # somebody is at it, or it is spoilt
        return None
    return Orphan(home, start)


def _abandoned(home: Path, files: list[Path]) -> bool:
    state = State.read(home)
    if state is not None and state.phase not in ENDED and Trainer.at_work(state.pid, State.path(home)).alive():
        return False
    elsewhere = False
    for file in files:
        trainer = Trainer.of_file(file)
        if trainer is None:
            elsewhere = True
        elif trainer.alive():
            return False
    return not elsewhere or _silence(home, files) > SILENCE


def _silence(home: Path, files: list[Path]) -> float:
    """Return the seconds since anything was last written, by the clock of the file system that holds it."""
    probe = home / "journal" / f"probe.{os.getpid()}"
    try:
        probe.touch()
        now = probe.stat().st_mtime
    except OSError:
        return 0.0
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    signs = [*files, *(home / "journal").glob("courier*")]
    return now - max((file.stat().st_mtime for file in signs), default=now)


def adopt(home: Path, start: Start, key: str, orders: Orders) -> str | None:
    """See to what lies orphaned beside a run folder; return a sentence for the user when there is anything.

    Earlier parts of the same run are delivered before this returns, or the old values would come after the new ones.
    For the rest a process sets out that outlives the run.
    """
    found = find(home)
    if not found:
        return None
    counts = [waiting_rows(orphan.home) for orphan in found]
    others = [orphan for orphan in found if not orphan.is_part_of(start)]
    for orphan in found:
        if orphan not in others:
            _deliver(orphan, key, orders._replace(linger=0.0))
    if others:
        command = [sys.executable, "-m", "wandb_compat.uploader", str(home), OPTION]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        assert process.stdin is not None
        process.stdin.write(orders.hello(key, None))
        process.stdin.close()
    names = ", ".join(orphan.start.id for orphan in found[:3]) + (", …" if len(found) > 3 else "")
    runs = f"{len(found)} earlier runs that were cut off ({names})" if len(found) > 1 else f"run {names}, cut off,"
    return f"{runs} left {sum(counts)} rows here; they are sent to Pluto in the background"


def deliver(home: Path, key: str, orders: Orders) -> None:
    """Deliver what lies orphaned beside a run folder, one after the other."""
    for orphan in find(home):
        _deliver(orphan, key, orders)


def _deliver(orphan: Orphan, key: str, orders: Orders) -> None:
    try:
        state = Work(orphan.home, key, orders, trainer=Trainer(None), follow=False).run()
        log.info("orphan %s: %s, %s rows sent, %s refused", orphan.home, state.phase, state.sent, state.refused)
    except (RunDirBusy, NoRunFound, OSError) as error:
        log.info("orphan %s: %s", orphan.home, error)

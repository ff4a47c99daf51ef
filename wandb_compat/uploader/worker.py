"""The uploader's day: open the run, deliver until the trainer is done or dead, report how it ended."""

from __future__ import annotations

import contextlib
import glob
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import filelock
import psutil

from wandb_compat.artifacts.saved_files import FolderFiles
from wandb_compat.run.distributed import Ranks
from wandb_compat.spool import journal, os_errors, records
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import read_start
from wandb_compat.spool.records import Exit, Start
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader.delivery import Delivery
from wandb_compat.uploader.heartbeat import Pulse
from wandb_compat.uploader.session import Backoff, Session
from wandb_compat.wire.endpoints import Endpoints, resolve
from wandb_compat.wire.errors import NoRunFound, Refused, RunDirBusy, Unavailable, WireError
from wandb_compat.wire.models import STATUS

log = logging.getLogger(__name__)

# Seconds between two rounds when there was nothing to do: a request costs milliseconds of a processor, however small.
IDLE = 0.25


class Trainer:
    """The process that writes the journal, or nobody, when the folder was copied from elsewhere."""

    def __init__(self, pid: int | None) -> None:
        try:
            self._process = psutil.Process(pid) if pid is not None else None
        except psutil.NoSuchProcess:
            self._process = None

    @classmethod
    def of(cls, run_dir: Path) -> Trainer:
        """Return the process that the journal names, if it was on this machine."""
        found = [cls.of_file(file) for file in journal.files(run_dir)[:1]]
        return next((trainer for trainer in found if trainer is not None), cls(None))

    @classmethod
    def of_file(cls, file: Path) -> Trainer | None:
        """Return the process that has written a journal file, or None if that was on another machine."""
        entries, _ = next(journal.read(file, size=4096), ([], 0))
        writer = json.loads(entries[0].document) if entries and entries[0].kind == b"journal" else {}
        if writer.get("host") != socket.gethostname() or writer.get("processes") != journal.process_space():
            return None
        return cls.at_work(writer["pid"], file)

    @classmethod
    def at_work(cls, pid: int, file: Path) -> Trainer:
        """Return the process of this machine that has written a file, or nobody if it is another of that number."""
        process = cls(pid)
        return process if process._older_than(file) else cls(None)

    def _older_than(self, file: Path) -> bool:
        """Whether the process was there before the file was last written: numbers of processes come again."""
        return self._process is not None and self._process.create_time() <= file.stat().st_mtime + 1

    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        try:
            process = self._process
            return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


class Worker:
    """One uploader on one run directory."""

    def __init__(
        self,
        run_dir: Path,
        key: str,
        orders: WorkerConfig,
        *,
        trainer: Trainer,
        follow: bool,
        orphans: str | None = None,
    ) -> None:
        """Prepare the work.

        Args:
            run_dir: the run directory.
            key: key of the Pluto server.
            orders: URLs and bounds; `linger` seconds are spent on a server that is away once the trainer is gone.
            trainer: who writes the journal.
            follow: whether to stay for what a living trainer has still to say; else what is there now is delivered.
            orphans: what to tell the user of runs beside this one that were cut off.
        """
        self._orphans = orphans
        self.run_dir = run_dir
        self.bell = threading.Event()
        self._key = key
        self._orders = orders
        self._trainer = trainer
        self._follow = follow
        self._ranks: Ranks | None = None
        self._pulse: Pulse | None = None
        self._settled = False  # what a trainer that was killed could not do at its end
        self._opening = Backoff()
        self._closing = Backoff()

    def run(self, progress: Callable[[State], None] = lambda state: None) -> State:
        """Deliver the run directory; return the final account, whose phase is `done` or `left`.

        Args:
            progress: called after every round.

        Raises:
            RunDirBusy: another uploader is at it.
            NoRunFound: there is no run in the folder.
            EndpointError: the server's URLs are incomplete.
        """
        start = read_start(self.run_dir)
        if start is None:
            raise NoRunFound(
                f"{self.run_dir} holds no run-<id>.wandb with a run in it; name a folder such as wandb/latest-run"
            )
        endpoints = resolve(self._orders.urls)
        (self.run_dir / "journal").mkdir(exist_ok=True)
        try:
            with contextlib.ExitStack() as locks:
                for lock in State.locks(self.run_dir):
                    locks.enter_context(filelock.FileLock(lock).acquire(timeout=0))
                return self._deliver(start, endpoints, progress)
        except filelock.Timeout:
            raise RunDirBusy(
                f"another uploader is delivering {self.run_dir}; `wandb-compat status {self.run_dir}` shows it"
            ) from None

    def _deliver(self, start: Start, endpoints: Endpoints, progress: Callable[[State], None]) -> State:
        session = Session(self.run_dir, endpoints, self._key, start)
        self._ranks = Ranks(start, self.run_dir) if start.rank is not None else None
        acks = Offsets(self.run_dir)
        session.account(pid=os.getpid(), refused=len(acks.refused), orphans=self._orphans)
        delivery = Delivery(self.run_dir, session, self._orders.batch_size, acks, self.bell.set)
        try:
            if delivery.acks.closed and delivery.empty():
                session.account(**self._known_before(), phase="done")
            else:
                self._rounds(session, delivery, progress)
        finally:
            delivery.stop()
        return session.state

    def _rounds(self, session: Session, delivery: Delivery, progress: Callable[[State], None]) -> None:
        gone_since: float | None = None
        troubled = False
        while True:
            self.bell.clear()
            moved, waits = False, self._follow and self._trainer.alive()
            try:
                with os_errors.retryable():
                    moved = self._open(session) if session.state.run is None else delivery.round()
                    State.live(self.run_dir)
                    progress(session.state)
                    if session.state.run is not None and waits and delivery.exit is None:
                        self._pulse = self._pulse or self._beating(session)
                    elif (
                        session.state.run is not None
                        and not moved
                        and delivery.empty()
                        and self._over(session, delivery)
                    ):
                        return
            except Unavailable as error:
                session.ill("machine", error)
                troubled = True
            else:
                if troubled:
                    session.well("machine")
                    troubled = False
            if waits:
                gone_since = None
            else:
                gone_since = gone_since or time.monotonic()
                patience = 0 if session.hopeless else self._orders.linger
                if session.state.phase == "waiting" and time.monotonic() - gone_since >= patience:
                    session.account(phase="left")
                    return
            if not moved:
                self.bell.wait(IDLE)

    def _over(self, session: Session, delivery: Delivery) -> bool:
        """Take the next step of the end, of a run of which all is delivered; return whether that was the last one."""
        if self._pulse is not None:
            self._pulse.stop()
            self._pulse = None
        elif not self._follow and delivery.exit is None and self._trainer.alive():
            session.account(phase="left")
            return True
        elif delivery.exit is None and not self._settled:
            self._settle(session)
        else:
            return self._close(session, delivery)
        self.bell.set()  # the pulse's last samples, or what was settled, have still to go
        return False

    def _known_before(self) -> dict[str, object]:
        before = State.read(self.run_dir)
        return {} if before is None else {"run": before.run, "display_id": before.display_id, "url": before.url}

    def _open(self, session: Session) -> bool:
        """Take up the run on the server; return whether that has worked."""
        if not self._opening.ready():
            return False
        try:
            session.open()
        except WireError as error:
            self._opening.failed(getattr(error, "wait", None))
            session.ill("open", error)
            return False
        self._opening.succeeded()
        session.well("open")
        return True

    def _beating(self, session: Session) -> Pulse:
        samples = None
        if session.start.system_metrics:
            samples = journal.Journal(
                self.run_dir,
                session.start.id,
                role="system",
                segment_size=self._orders.segment_size,
                limit=self._orders.journal_limit,
            )
        pulse = Pulse(session, samples, self._orders.heartbeat)
        pulse.start()
        return pulse

    def _settle(self, session: Session) -> None:
        """Send the files that a trainer sends when its run ends, in place of one that was killed."""
        self._settled = True
        book = journal.Journal(
            self.run_dir,
            session.start.id,
            role="late",
            segment_size=self._orders.segment_size,
            limit=self._orders.journal_limit,
        )
        submit = lambda record: book.append([records.encode(record)])  # noqa: E731
        try:
            FolderFiles.left(self.run_dir, submit, tell=lambda level, text: log.warning("%s", text)).finish()
        except OSError as error:  # a full disk
            log.error("the files of the killed run: %s", error)
        finally:
            book.close()

    def _close(self, session: Session, delivery: Delivery) -> bool:
        """Report how the run ended; return whether the server has taken it."""
        if not self._closing.ready():
            return False
        if self._ranks is not None and self._ranks.rank == 0 and self._ranks.others_at_work():
            session.account(phase="delivered")
            return False
        ending = self._ending(session, delivery.acks)
        if ending is not None:
            exit, metadata = ending
            reason = None if exit.state == "completed" else metadata
            try:
                session.reopen()
                session.client.set_status(session.run, STATUS[exit.state], exit.time, reason)
            except Refused as error:
                log.error("the final state %s was refused: %s", exit.state, error)
            except WireError as error:
                self._closing.failed(getattr(error, "wait", None))
                session.ill("close", error)
                return False
        delivery.acks.close()
        session.account(phase="done", trouble=None)
        if self._ranks is not None:
            self._ranks.leave(ending[0] if ending is not None and self._ranks.rank == 0 else None)
        return True

    def _ending(self, session: Session, acks: Offsets) -> tuple[Exit, dict[str, str]] | None:
        """Return how the run ended and why, or None when another part, rank or writer of it has to say so."""
        if not session.start.ends:
            return None
        if (later := self._overtaken(session)) is not None:
            told = Offsets(later)
            return _ended(later, told) if told.closed else None
        own = _ended(self.run_dir, acks)
        if self._ranks is None or self._ranks.rank == 0:
            return own
        if (first := self._ranks.ended()) is not None:
            return first, {"type": "Exit", "message": f"exit code {first.code} of rank 0"}
        return None if self._follow else own

    def _overtaken(self, session: Session) -> Path | None:
        """Return the folder of the last part of the run beside this one that the server has, if it is a later one."""
        start, last = session.start, None
        moment = start.time
        for head in self.run_dir.parent.glob(f"*run-*/{glob.escape(f'run-{start.id}.wandb')}"):
            state = State.read(head.parent)
            if state is None or state.run != session.run or head.parent == self.run_dir:
                continue
            if (other := read_start(head.parent)) is not None and other.time > moment:
                last, moment = head.parent, other.time
        return last


def _ended(run_dir: Path, acks: Offsets) -> tuple[Exit, dict[str, str]]:
    """Return how a part of a run ended, and why; a trainer that is gone without a word was killed."""
    if acks.exit is not None:
        return acks.exit, {"type": "Exit", "message": f"exit code {acks.exit.code}"}
    moment = int(max(file.stat().st_mtime for file in journal.files(run_dir)) * 1000)
    return Exit(moment, "failed", 1), {"type": "Killed", "message": "the process ended without finishing the run"}

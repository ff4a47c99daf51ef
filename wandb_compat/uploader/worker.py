"""Delivers one run directory: opens the run on the server, delivers until the trainer is done or dead, closes it."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from wandb_compat.artifacts.saved_files import SavedFiles
from wandb_compat.run.distributed import Ranks
from wandb_compat.spool import journal, os_errors, records, safe_paths
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import read_start
from wandb_compat.spool.notifier import CallbackNotifier
from wandb_compat.spool.records import Start
from wandb_compat.spool.server_binding import ServerBinding
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.system.locks import FileLock, Timeout
from wandb_compat.uploader.backoff import Backoff
from wandb_compat.uploader.closing import Closing
from wandb_compat.uploader.delivery import Delivery
from wandb_compat.uploader.heartbeat import Heartbeat
from wandb_compat.uploader.restarts import has_several
from wandb_compat.uploader.session import Session
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.wire.endpoints import Endpoints, resolve
from wandb_compat.wire.errors import NoRunFound, RunDirBusy, Unavailable, WireError

log = logging.getLogger(__name__)

# Seconds between two rounds without work: a request costs milliseconds of a processor, however small.
IDLE = 0.25
VERIFY_TIME = 30.0  # seconds that a background uploader stays after the end to see that everything was stored


class Worker:
    """One uploader on one run directory."""

    def __init__(
        self,
        run_dir: Path,
        key: str,
        config: WorkerConfig,
        *,
        trainer: Trainer,
        follow: bool,
        recovery: str | None = None,
        trusted: bool = False,
        verify: float | None = None,
    ) -> None:
        """Prepare the work.

        Args:
            run_dir: the run directory.
            key: key of the Pluto server.
            config: URLs and limits; `linger` seconds are spent on a server that is away once the trainer is gone.
            trainer: the process that writes the journal.
            follow: whether to stay as long as the trainer lives; else what is there now is delivered.
            recovery: a message for the user on interrupted runs beside this one.
            trusted: whether links out of the directory may be followed although its trainer did not start this.
            verify: seconds to wait at the end, after the run is closed, for what was acknowledged to be stored; by
                default VERIFY_TIME with `follow` and 0 without.
        """
        self._recovery = recovery
        self._trusted = trusted or follow
        self._verify = verify if verify is not None else VERIFY_TIME if follow else 0.0
        self.run_dir = run_dir
        self.wake = threading.Event()
        self._delivery: Delivery | None = None
        self._key = key
        self._config = config
        self._trainer = trainer
        self._follow = follow
        self._ranks: Ranks | None = None
        self._heartbeat: Heartbeat | None = None
        self._sent_leftover_files = False
        self._opening = Backoff()
        self._closing: Closing | None = None
        self._failing = False  # whether this machine was at fault in the last round

    def ring(self) -> None:
        """Wake the worker for what should not wait, such as the end of the run: it also ends pauses after failures.

        May be called by any thread: that of the worker may wait for an answer.
        """
        self._opening.retry_now()
        if self._closing is not None:
            self._closing.backoff.retry_now()
        if self._delivery is not None:
            self._delivery.hurry()
            self._delivery.retry_now()
        self.wake.set()

    def run(self, progress: Callable[[State], None] = lambda state: None) -> State:
        """Deliver the run directory; return the final status, whose phase is `done` or `left`.

        Args:
            progress: called after every round.

        Raises:
            RunDirBusy: another uploader works on it.
            NoRunFound: there is no run in the directory.
            EndpointError: the server's URLs are incomplete.
        """
        start = read_start(self.run_dir)
        if start is None:
            raise NoRunFound(
                f"{self.run_dir} holds no run-<id>.wandb with a run in it; name a directory such as wandb/latest-run"
            )
        endpoints = resolve(self._config.urls)
        safe_paths.inside(self.run_dir, "journal").mkdir(exist_ok=True)
        safe_paths.inside(self.run_dir, "logs")
        try:
            with contextlib.ExitStack() as locks:
                for lock in State.locks(self.run_dir):
                    locks.enter_context(FileLock(lock).acquire(timeout=0))
                return self._deliver(start, endpoints, progress)
        except Timeout:
            raise RunDirBusy(
                f"another uploader is delivering {self.run_dir}; `wandb-compat status {self.run_dir}` shows it"
            ) from None

    def _deliver(self, start: Start, endpoints: Endpoints, progress: Callable[[State], None]) -> State:
        session = Session(self.run_dir, endpoints, self._key, start)
        self._ranks = Ranks(start, self.run_dir) if start.rank is not None else None
        offsets = Offsets(self.run_dir)
        session.update(pid=os.getpid(), refused=len(offsets.refused), recovery=self._recovery, several=offsets.several)
        delivery = Delivery(self.run_dir, session, self._config.batch_size, offsets, self.wake.set)
        self._delivery = delivery
        self._closing = Closing(self.run_dir, session, offsets, self._ranks, self._follow)
        try:
            if offsets.closed and delivery.empty():
                session.take_up(offsets.run)
                session.update(phase="done", unverified=len(offsets.unstored()))
            else:
                self._loop(session, delivery, progress)
            if session.state.phase == "done" and offsets.unstored():
                delivery.verifier.finish(self._verify)
                with contextlib.suppress(OSError):  # a later `sync` deletes them
                    delivery.delete_delivered(journal.files(self.run_dir))
        finally:
            delivery.stop()
            session.close()
            offsets.release()
        return session.state

    def _loop(self, session: Session, delivery: Delivery, progress: Callable[[State], None]) -> None:
        gone_since: float | None = None
        while True:
            self.wake.clear()
            following = self._follow and self._trainer.alive()
            if not following or delivery.exit is not None:
                delivery.hurry()
            moved, ended = self._round(session, delivery, progress, following)
            if ended:
                return
            if following:
                gone_since = None
            else:
                if gone_since is None:
                    gone_since = time.monotonic()
                    self.ring()  # a child of the trainer may keep the pipe open, so that its end is not seen there
                patience = 0 if session.permanent_failure else self._config.linger
                if session.state.phase == "waiting" and time.monotonic() - gone_since >= patience:
                    session.update(phase="left")
                    return
            if not moved:
                self.wake.wait(IDLE)

    def _round(
        self, session: Session, delivery: Delivery, progress: Callable[[State], None], following: bool
    ) -> tuple[bool, bool]:
        """Do what can be done now; return whether anything moved, and whether the work has ended."""
        moved = ended = False
        try:
            with os_errors.retryable():
                moved = self._open(session, delivery) if session.state.run is None else delivery.run_round()
                State.touch(self.run_dir)
                progress(session.state)
                if session.state.run is None:
                    pass
                elif following and delivery.exit is None:
                    self._heartbeat = self._heartbeat or self._start_heartbeat(session)
                elif not moved and delivery.empty():
                    ended = self._end_step(session, delivery)
        except Unavailable as error:
            session.mark_failing("machine", error)
            self._failing = True
        else:
            if self._failing:
                session.mark_healthy("machine")
                self._failing = False
        return moved, ended

    def _end_step(self, session: Session, delivery: Delivery) -> bool:
        """Take the next step of the end of a delivered run; return whether that was the last one."""
        assert self._closing is not None
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._heartbeat = None
        elif not self._follow and delivery.exit is None and self._trainer.alive():
            session.update(phase="left")
            return True
        elif delivery.exit is None and not self._sent_leftover_files:
            self._send_leftover_files(session)
        else:
            return self._closing.close()
        self.wake.set()  # the last system metrics, or the leftover files, have still to be sent
        return False

    def _open(self, session: Session, delivery: Delivery) -> bool:
        """Create or resume the run on the server; return whether that worked."""
        if not self._opening.ready():
            return False
        try:
            number = session.open()
        except WireError as error:
            self._opening.failed(getattr(error, "wait", None))
            session.mark_failing("open", error)
            return False
        self._opening.succeeded()
        if delivery.offsets.run is None and session.known_number is not None:  # noted by an older version
            delivery.offsets.mark_run(session.known_number)
        if delivery.offsets.mark_run(number):
            log.warning("the server has given the run the new number %s: everything is sent again", number)
            session.update(sent=0, refused=0)
        delivery.note_refusals(session.client.given_up)
        session.start_lanes()
        delivery.verifier.start()
        ServerBinding.of(session.client.endpoints, self._key, created=True).write(self.run_dir)
        if has_several(self.run_dir):
            delivery.offsets.mark_several()
        session.mark_healthy("open")
        return True

    def _new_journal(self, session: Session, role: str) -> journal.Journal:
        return journal.Journal(
            self.run_dir,
            session.start.id,
            role=role,
            segment_size=self._config.segment_size,
            limit=self._config.journal_limit,
        )

    def _start_heartbeat(self, session: Session) -> Heartbeat:
        samples = self._new_journal(session, "system") if session.start.system_metrics else None
        heartbeat = Heartbeat(session, samples, self._config.heartbeat)
        heartbeat.start()
        return heartbeat

    def _send_leftover_files(self, session: Session) -> None:
        """Record the files that a trainer saves when its run ends, on behalf of one that was killed."""
        self._sent_leftover_files = True
        late = self._new_journal(session, "late")
        submit = lambda record: late.append([records.encode(record)])  # noqa: E731
        try:
            notifier = CallbackNotifier(lambda level, text: log.warning("%s", text))
            SavedFiles.of_dead_run(self.run_dir, submit, notifier=notifier, follow_links=self._trusted).finish()
        except OSError as error:  # a full disk
            log.error("the files of the killed run: %s", error)
        finally:
            late.close()

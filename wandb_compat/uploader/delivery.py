"""Brings journal records to the server, lane by lane, and notes in `uploader.journal` what was acknowledged.

Each lane reads the journal for itself, with a separate offset in each file and a separate thread, so that a route
that is slow, hangs or refuses delays no other. The run's own lane has the thread of the caller.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from pathlib import Path
from time import time
from zlib import crc32

from wandb_compat.spool import journal, os_errors, records
from wandb_compat.spool.delivery_log import LANES, Offsets
from wandb_compat.uploader import restarts, run_lane
from wandb_compat.uploader.lane import END, INGEST_ROUTES, Batch, Lane, Lines
from wandb_compat.uploader.large_values import LargeValues
from wandb_compat.uploader.latest_values import LatestValues
from wandb_compat.uploader.publish import Publisher
from wandb_compat.uploader.refusals import Refusals
from wandb_compat.uploader.session import Session
from wandb_compat.uploader.uploads import PRESIGN_LIMIT, Uploads
from wandb_compat.uploader.verifier import Verifier
from wandb_compat.wire.errors import PartlyStored, Unavailable, UploadRejected, WireError

log = logging.getLogger(__name__)

RETRY_POLL = 0.05  # seconds between two checks of a failing lane whether its pause is over
SHOWN_TWICE = ("data", "console", "files")  # lanes of what a server shows as often as it was sent
LONGEST_PAUSE = 240.0  # seconds between two copies of such a batch
RETRY_PAUSE = 1.0  # seconds between two looks whether rows get through again


class Delivery:
    """All lanes of one run directory."""

    def __init__(
        self, run_dir: Path, session: Session, batch_size: int, offsets: Offsets, on_idle: Callable[[], object]
    ) -> None:
        """Start the lanes.

        Args:
            run_dir: the run directory.
            session: the run on the server.
            batch_size: greatest number of bytes of a request that carries rows.
            offsets: what has been delivered so far.
            on_idle: called by a lane, in its thread, that has delivered all that it found of a run that is over.
        """
        self._on_idle = on_idle
        self.run_dir = run_dir
        self.session = session
        self.offsets = offsets
        self._last: dict[tuple[str, str], journal.Entry] = {}  # last record of a complete file that a lane has read
        self._complete: dict[str, int] = {}  # file: offset of its end, once its writer has left it
        self._latest = LatestValues(keep_all=session.start.is_copy)
        self.verifier = Verifier(run_dir, session, offsets, self._latest)
        urls = run_dir / "journal"
        self._refusals = Refusals(session, offsets, LargeValues(run_dir, session))
        self._uploads = Uploads(run_dir, session, urls / "urls-files.jsonl", self._refusals.note_loss)
        publisher = Publisher(run_dir, session, Uploads(run_dir, session, urls / "urls-artifacts.jsonl"))
        self._run = Lane("run", self._send_run, batch_size, session.client)
        self._others = [
            *(self._ingest_lane(name, route, batch_size) for name, route in INGEST_ROUTES.items()),
            Lane("files", self._uploads.send, batch_size, session.new_client(), PRESIGN_LIMIT, self._uploads.release),
            Lane("artifacts", publisher.send, batch_size, session.new_client(), 1, publisher.release, paced=False),
        ]
        self.verifier.restarts.watched = {lane.name: lane.client for lane in self._others if lane.name in INGEST_ROUTES}
        self._sizes: dict[str, int] | None = None  # of the journal's files at the last look
        self._stopped = self._hurried = False
        for lane in self._others:
            # In the caller's context, by which the logs of several uploaders in a process are distinguished.
            work = partial(copy_context().run, self._lane_loop, lane)
            threading.Thread(target=work, name=lane.name, daemon=True).start()

    def run_round(self) -> bool:
        """Let the run's own lane deliver one batch of each file; return whether anything moved."""
        files = journal.files(self.run_dir)
        if (sizes := journal.sizes(files)) != self._sizes:
            self._sizes = sizes
            self._wake_lanes()
        moved = self._lane_round(self._run, files)
        self.delete_delivered(files)
        return moved

    def _lane_round(self, lane: Lane, files: list[Path]) -> bool:
        """Read a piece of each file and send what is due; return whether anything moved."""
        moved = False
        for file in files:
            moved |= self._read(lane, file)
            moved |= self._deliver(lane, only_full=True)
        return self._deliver(lane, only_full=False) or moved

    def _lane_loop(self, lane: Lane) -> None:
        broken = False
        while True:
            lane.wake.wait(RETRY_POLL if lane.backoff.failing else lane.remaining())
            if self._stopped:
                return
            lane.wake.clear()
            if self.session.state.run is None or not lane.backoff.ready():
                continue  # before the server knows the run, its number is not there for a request
            try:
                self._deliver_all(lane)
            except Exception as error:  # one of our bugs too: the run must not wait for a dead thread
                log.error("lane %s: %s", lane.name, error, exc_info=not isinstance(error, Unavailable))
                lane.failed(None)
                self.session.mark_failing(
                    lane.name, Unavailable(str(error) or f"a {type(error).__name__} in the uploader")
                )
                broken = True
            else:
                if broken and lane.backoff.ready():  # nothing else has gone wrong this time
                    lane.succeeded()
                    self.session.mark_healthy(lane.name)
                    broken = False
            if self.exit is not None:
                self._on_idle()

    def _deliver_all(self, lane: Lane) -> None:
        with os_errors.retryable():
            while not self._stopped and self._lane_round(lane, journal.files(self.run_dir)):
                pass

    def _wake_lanes(self) -> None:
        for lane in self._others:
            lane.wake.set()

    def retry_now(self) -> None:
        """End every pause after a failure: only a server that fails now counts as away."""
        for lane in (self._run, *self._others):
            lane.backoff.retry_now()
        self._wake_lanes()

    def hurry(self) -> None:
        """Send everything at once from now on: the run ends, or has ended."""
        if not self._hurried:
            self._hurried = True
            for lane in (self._run, *self._others):
                lane.pace.hurry()
            self._wake_lanes()

    def stop(self) -> None:
        """Begin no further batch."""
        self._stopped = True
        self.verifier.stop()
        self._wake_lanes()

    @property
    def exit(self) -> records.Exit | None:
        """How the run ended, once that has been read."""
        return self.offsets.exit

    def _ingest_lane(self, name: str, route: str, batch_size: int) -> Lane:
        client = self.session.new_client()
        lane = Lane(name, lambda lines: client.ingest(route, self.session.headers, lines), batch_size, client)
        lane.askable = name == "console"
        return lane

    def _send_run(self, lines: Lines) -> list[tuple[int, str]]:
        if (exit := run_lane.send(self.session, lines)) is not None:
            self.offsets.record_exit(exit)
        return []

    def empty(self) -> bool:
        """Whether every lane has delivered everything that the journal holds."""
        return self.offsets.covers(journal.files(self.run_dir))

    def _read(self, lane: Lane, file: Path) -> bool:
        """Read the next piece of a file for a lane; return whether there was one."""
        position = lane.position(file.name)
        begin = self.offsets.offset(lane.name, file.name) if position is None else position
        try:
            if lane.is_full or file.stat().st_size <= begin:
                return False
            entries, end = next(journal.read(file, begin, lane.full_size, lane.wanted), ([], begin))
        except FileNotFoundError:
            return False
        if end == begin:
            return False
        last = entries.pop() if entries and entries[-1].kind == END else None
        if last is not None:
            self._complete[file.name] = end
        self._latest.note(lane.name, (entry.document for entry in entries))
        if last is not None:
            self._last[lane.name, file.name] = last
        if entries or position is not None:
            lane.add(file.name, entries, end)
        else:
            self._skip(lane, file.name, end)
        return True

    def _skip(self, lane: Lane, file: str, end: int) -> None:
        """Note that a file has nothing more for a lane up to an offset."""
        if (last := self._last.pop((lane.name, file), None)) is not None:
            self._compare_counts(lane, file, last)
        self.offsets.skip(lane.name, file, end)

    def _compare_counts(self, lane: Lane, file: str, end: journal.Entry) -> None:
        """Note how many records of a complete file a lane has not found."""
        written, read = json.loads(end.document).get("records"), self.offsets.count(lane.name, file)
        if written is None or read is None:  # of an older version
            return
        lost = sum(written.get(kind, 0) for kind in LANES[lane.name]) - read
        if lost > 0:
            log.error("%s: %s of its %s records are damaged on disk and lost", file, lost, lane.name)
            self.offsets.mark_damaged(lane.name, file, lost)

    def _deliver(self, lane: Lane, *, only_full: bool) -> bool:
        """Send what is due; return whether anything was delivered.

        Args:
            lane: the lane.
            only_full: whether a batch that is not full waits.
        """
        moved = False
        while lane.backoff.ready() and not self._stopped:
            batch = lane.next_batch(only_full=only_full)
            if batch is None or not self._deliver_batch(lane, batch):
                break
            moved = True
        return moved

    def _deliver_batch(self, lane: Lane, batch: Batch) -> bool:
        """Send a batch and note that; return whether it is done with."""
        entries = [entry for part in batch.values() for entry in part]
        # The run's own lane needs the kinds; the other lanes send the documents as they are.
        lines = [entry.line if lane.name == "run" else entry.document for entry in entries]
        try:
            left = self._latest.current(lane.name, lines)
            if self._must_wait(lane):
                return False
            if lane.unsure:  # what is sent twice shows twice
                left = self._absent(lane, left)
            if left:
                suspect, lane.suspicious = lane.suspicious and lane.askable, False
                self._refusals.send(lane, left, first_is_suspect=suspect)
        except WireError as error:
            if lane.askable and isinstance(error, Unavailable) and (error.arrived or isinstance(error, PartlyStored)):
                lane.unsure = max(lane.unsure, len(lines))
                lane.suspicious = isinstance(error, PartlyStored)
            pause = self._note_failure(lane, error)
            self.session.mark_failing(lane.name, error, pause=pause)  # `finish` waits for a pause that is known
            return False
        lane.succeeded()
        lane.unsure = max(0, lane.unsure - len(lines))
        lane.pace.sent()
        self.session.mark_healthy(lane.name)
        ends = lane.remove(batch)
        for file, part in batch.items():
            begin = self.offsets.offset(lane.name, file)
            begin_of = begin if self.verifier.active else None
            self.offsets.acknowledge(lane.name, file, part[-1].end, begin_of, len(part))
            if lane.position(file) is None:
                self._skip(lane, file, ends[file])
        self.verifier.restarts.note_connections(lane.name, lane.client)
        if lane.name == "files":
            self._uploads.forget(records.parse(records.File, line) for line in lines)
        if lane.name not in ("files", "artifacts") or not self.verifier.active:
            lane.delivered(lines)
        if lane.name == "metrics":
            self.session.update(sent=self.session.state.sent + len(entries))
        return True

    def _absent(self, lane: Lane, lines: Lines) -> Lines:
        """Return those console lines that are neither refused nor stored, as far as the server can be asked."""
        left = [line for line in lines if (lane.name, crc32(line)) not in self.offsets.refused]
        absent = self.verifier.absent_console(left, lane.client) if left else []
        if absent is None:
            lane.askable, lane.unsure = False, 0
        return left if absent is None else absent

    def _note_failure(self, lane: Lane, error: WireError) -> float | None:
        """Let a lane wait after a failure; return for how many seconds at most, if it is worth waiting for that."""
        pause = error.wait if isinstance(error, Unavailable) else None
        asks_for_urls = isinstance(error, UploadRejected) and not lane.backoff.failing  # soon, and the server is there
        if isinstance(error, Unavailable) and lane.name in INGEST_ROUTES:
            self.offsets.mark_break(lane.name, time(), silent=False, since=lane.client.answered)
        if isinstance(error, Unavailable) and error.arrived:
            lane.answers_lost += 1
            if lane.name in SHOWN_TWICE:
                # Console lines can be asked for, once they are stored. Of the others each further copy waits longer.
                first = restarts.STORE_TIME if lane.name == "console" and self.verifier.active else 0.0
                later = restarts.STORE_TIME * 2 ** (lane.answers_lost - 2) if lane.answers_lost > 1 else 0.0
                pause = max(pause or 0.0, first, min(later, LONGEST_PAUSE)) or None
        lane.failed(pause)
        return pause or (RETRY_PAUSE if asks_for_urls else None)

    def _must_wait(self, lane: Lane) -> bool:
        """Whether a lane whose answer was lost waits for the rows, which are tried without harm, to get through."""
        if not lane.answers_lost or lane.name not in SHOWN_TWICE or lane.name == "console":
            return False
        rows = next(other for other in self._others if other.name == "metrics")
        if rows.backoff.failing:
            lane.backoff.postpone(RETRY_PAUSE)
        return rows.backoff.failing

    def note_refusals(self, reasons: list[str]) -> None:
        """Note parts of the run's creation that the server does not take."""
        self._refusals.note_parts(reasons)

    def delete_delivered(self, files: list[Path]) -> None:
        """Delete the files that are complete and were seen to be stored; the head stays, tools look for it."""
        for file in files[1:]:
            end = self._complete.get(file.name)
            if end and self.offsets.delivered(file.name) >= end and not self.offsets.holds_unstored(file.name):
                self.offsets.flush(file.name)
                try:
                    file.unlink(missing_ok=True)
                except OSError:  # another program holds it: the next round tries again
                    continue
                del self._complete[file.name]

"""Checks that acknowledged records were stored, and sends again what was not.

An ingest service answers when it holds the records in memory, stores them seconds later, and forgets what it holds when
it restarts. So it loses whole stretches of time. Rows can be read back by metric and step, console lines counted, files
listed. Other values (texts, histograms, tables) cannot be read back: they share the fate of rows of the same seconds.
Where several services are behind one address, the end of the connection that carried them counts as well.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable
from contextvars import copy_context
from functools import cached_property
from pathlib import Path
from time import monotonic, time
from typing import Any
from zlib import crc32

from wandb_compat.spool import journal, records, staging
from wandb_compat.spool.delivery_log import LANES, Offsets, Stretch
from wandb_compat.spool.records import Artifact, File
from wandb_compat.uploader import restarts
from wandb_compat.uploader.lane import INGEST_ROUTES, Lane
from wandb_compat.uploader.large_values import LargeValues
from wandb_compat.uploader.latest_values import LatestValues
from wandb_compat.uploader.publish import sent_files
from wandb_compat.uploader.read_back import DENSE, Probe, StoredRun, line_of, take
from wandb_compat.uploader.refusals import Refusals
from wandb_compat.uploader.restarts import Restarts
from wandb_compat.uploader.session import Session
from wandb_compat.uploader.uploads import Uploads
from wandb_compat.wire.client import Client
from wandb_compat.wire.errors import Refused, Unavailable, WireError

log = logging.getLogger(__name__)

# Seconds after which a record counts as lost though nothing that was acknowledged later was seen to be stored either.
LATE_TIME = 20.0
INTERVAL = 60.0  # seconds between two checks: each is a few requests…
BACKLOG = 4 * 1024**2  # …unless so many bytes of journal could be checked: they stay on the disk until then
POLL = 2.0  # seconds between two looks whether a check is due
QUERIES = 8  # metrics that are asked for in one check, at most; rows without any of them share their stretch's fate
FINISH_INTERVAL = 1.5, 3.0  # seconds between the first two checks at the end of a run, and between later ones
KEYS = 50  # keys of files that one check asks for, at most
REPEATS = 8  # times that a record is sent again by one uploader; the waits between them double


class RunGone(Exception):
    """The server does not have the run any more."""


class Verifier:
    """Checks one run, in a separate thread or when `check` is called."""

    def __init__(self, run_dir: Path, session: Session, offsets: Offsets, latest: LatestValues | None = None) -> None:
        self.active = True  # whether the server can be asked
        self.gone = False  # whether the run was deleted on the server
        self.restarts = Restarts(offsets)
        self._run_dir = run_dir
        self._session = session
        self._offsets = offsets
        self._latest = latest or LatestValues()
        self._client = session.new_client(report_silence=False)
        self._sender = session.new_client(report_silence=False)  # asks nothing, so that its connection can be watched
        self._repeats: Counter[tuple[str, str, int]] = Counter()  # by lane, file and begin of a stretch
        self._exists = False  # whether the run was seen on the server in this check
        self._lanes = {name: self._lane(name, route) for name, route in INGEST_ROUTES.items()}
        self._refusals = Refusals(session, offsets, LargeValues(run_dir, session))
        self._stopped = threading.Event()
        self._checking = threading.Lock()

    def _lane(self, name: str, route: str) -> Lane:
        return Lane(name, lambda lines: self._sender.ingest(route, self._session.headers, lines), 0, self._sender)

    @cached_property
    def _stored(self) -> StoredRun:
        return StoredRun(self._client, self._session.run, self._session.project)

    def start(self) -> None:
        """Check every INTERVAL seconds, in a thread, until `stop`."""
        work = copy_context().run
        threading.Thread(target=work, args=(self._loop,), name="verifier", daemon=True).start()

    def stop(self) -> None:
        """Begin no further check."""
        self._stopped.set()

    def _loop(self) -> None:
        last = monotonic()
        while not self._stopped.wait(min(POLL, INTERVAL)):
            self._watch()
            due_before = (time() - restarts.STORE_TIME) * 1000
            waiting = sum(one.end - one.begin for one in self._offsets.unstored() if one.last <= due_before)
            if waiting and (monotonic() - last >= INTERVAL or waiting > BACKLOG):
                self.check()
                last = monotonic()

    def _watch(self) -> None:
        for lane, client in [*self.restarts.watched.items(), ("data", self._sender)]:
            client.watch()
            self.restarts.note_connections(lane, client)

    @property
    def pending(self) -> bool:
        """Whether something acknowledged was not seen to be stored yet."""
        return bool(self._offsets.unstored())

    def finish(self, seconds: float) -> bool:
        """Check until everything is stored, for so many seconds at most; return whether it is."""
        until, (pause, later) = monotonic() + seconds, FINISH_INTERVAL
        while True:
            self.check(early=True)
            if not (self.active and self.pending and not self.gone and monotonic() < until):
                return not self.pending
            if self._stopped.wait(pause):
                return not self.pending
            self._watch()
            pause = later

    def check(self, *, early: bool = False) -> None:
        """Check what was acknowledged long enough ago, and send again what is missing.

        Args:
            early: whether to look for what was acknowledged a moment ago too; if that is missing, it is only too early.
        """
        if self._session.state.run is None or not self.active or self.gone:
            return
        with self._checking:
            self._exists = False
            due_before = (time() - restarts.STORE_TIME) * 1000
            due = [one for one in self._offsets.unstored() if early or one.last <= due_before]
            try:
                for lane, check in self._checks().items():
                    if stretches := [stretch for stretch in due if stretch.lane == lane]:
                        check(stretches)
            except RunGone:
                self._note_gone()
            except Refused as error:
                if error.status in (404, 405, 501):
                    self._give_up(error)
                else:
                    log.info("not checked: %s", error)
            except (WireError, OSError) as error:
                log.info("not checked yet: %s", error)
            except Exception:  # one of our bugs must not end the checks
                log.exception("not checked")
            self._session.update(unverified=len(self._offsets.unstored()), several=self._offsets.several)

    def _checks(self) -> dict[str, Callable[[list[Stretch]], None]]:
        # Rows first: other values share their fate.
        return {
            "metrics": self._check_rows,
            "console": self._check_console,
            "files": self._check_files,
            "artifacts": self._check_files,
            "data": self._check_values,
        }

    def _give_up(self, error: Refused) -> None:
        """Take acknowledgements for the last word: the server has no route to read back, or not this run."""
        try:
            if not self._stored.exists():
                self._note_gone()
                return
        except WireError:
            return
        log.info("the server cannot tell what it stored, so rows count as delivered once acknowledged: %s", error)
        self.active = False
        for stretch in self._offsets.unstored():
            self._done(stretch)
        self._session.update(verifiable=False, unverified=0)

    def _note_gone(self) -> None:
        """Note that the run was deleted on the server; what is on disk stays for `sync`, which creates it anew."""
        self.gone = True
        log.error("the run is not on the server any more; `wandb-compat sync` creates it anew with what is on disk")
        if self._offsets.closed:  # a run that was deleted after its end is not wanted back
            for stretch in self._offsets.unstored():
                self._done(stretch)

    def _lines(self, stretch: Stretch) -> list[bytes]:
        """Return the documents of a stretch that were sent: not those that were refused or replaced."""
        lines = self._taken(stretch)
        self._latest.note(stretch.lane, lines)  # an uploader that only verifies has not read them yet
        return self._latest.current(stretch.lane, lines)

    def _taken(self, stretch: Stretch) -> list[bytes]:
        """Return the documents of a stretch that the server did not refuse."""
        wanted = journal.pattern(*(kind.encode() for kind in LANES[stretch.lane]))
        lines: list[bytes] = []
        for entries, end in journal.read(self._file(stretch.file), stretch.begin, wanted=wanted):
            lines += [entry.document for entry in entries if entry.end <= stretch.end]
            if end >= stretch.end:
                break
        return [line for line in lines if (stretch.lane, crc32(line)) not in self._offsets.refused]

    def _file(self, name: str) -> Path:
        return next((path for path in journal.files(self._run_dir) if path.name == name), self._run_dir / name)

    def _files(self, stretch: Stretch, lines: list[bytes]) -> list[File]:
        """Return the files that were uploaded for lines of a stretch."""
        if stretch.lane == "files":
            return [records.parse(File, line) for line in lines]
        artifacts = [records.parse(Artifact, line) for line in lines]
        return [file for one in artifacts for file in sent_files(self._run_dir, self._session.run, one)]

    def _done(self, stretch: Stretch) -> None:
        if stretch.lane in ("files", "artifacts"):
            for file in self._files(stretch, self._taken(stretch)):
                staging.release(self._run_dir, file.path)
        self._offsets.mark_stored(stretch)

    def _lost(self, stretch: Stretch) -> bool:
        """Whether a stretch that cannot be read back is lost, and not only stored late."""
        age, repeats = time() - stretch.last / 1000, self._repeats[_place(stretch)]
        if age < restarts.STORE_TIME * 2**repeats or repeats >= REPEATS:
            return False
        return age >= LATE_TIME or any(at > stretch.last for at in self.restarts.stored_rows)

    def _send_again(self, stretch: Stretch, lost: list[bytes] | list[File]) -> None:
        """Send records of a stretch, or files, once more; they are checked again.

        Raises:
            RunGone: the server does not have the run.
            WireError: the server does not take them now.
        """
        if not self._lost(stretch):
            return
        if not self._exists and not self._stored.exists():
            raise RunGone
        self._exists = True
        log.warning("%s: the server lost %s records that it had acknowledged; sent again", stretch.lane, len(lost))
        if stretch.lane in INGEST_ROUTES:
            try:
                self._refusals.send(self._lanes[stretch.lane], [line for line in lost if isinstance(line, bytes)])
            except Unavailable:
                self._offsets.mark_break("data", time(), silent=False, since=self._sender.answered)
                raise
        else:  # announced anew: the entry is what was lost
            Uploads(self._run_dir, self._session).upload([file for file in lost if isinstance(file, File)])
        if stretch.lane not in ("metrics", "data"):  # the hole among the rows is known, and data are not read back
            self.restarts.note_loss(stretch)
        self._repeats[_place(stretch)] += 1
        if self._repeats[_place(stretch)] == REPEATS:
            log.error("%s: sent again %s times; `wandb-compat sync --verify` tries again", stretch.lane, REPEATS)
        self._offsets.mark_sent_again(stretch)
        healed = self._session.state.healed
        self._session.update(healed={**healed, stretch.lane: healed.get(stretch.lane, 0) + len(lost)})

    def _check_rows(self, stretches: list[Stretch]) -> None:
        missing = self._missing_rows(stretches)
        self.restarts.note_rows(stretches, missing, self._lost)
        for stretch in stretches:
            if stretch in missing:
                self._send_again(stretch, self._lines(stretch))
            else:
                self._done(stretch)

    def _missing_rows(self, stretches: list[Stretch]) -> set[Stretch]:
        """Return the stretches of which a row is not stored."""
        missing: set[Stretch] = set()
        left = [probe for stretch in stretches for probe in _probes(stretch, self._lines(stretch))]
        for _ in range(QUERIES):
            if not left:
                break
            counts = Counter(key for _, row, _ in left for key in row["data"])
            metric = counts.most_common(1)[0][0]
            asked = [probe for probe in left if metric in probe[1]["data"]]
            stored = self._stored.steps(metric, [Probe(row["step"], between) for _, row, between in asked])
            missing |= {stretch for stretch, row, _ in asked if row["step"] not in stored}
            left = [probe for probe in left if metric not in probe[1]["data"]]
        return missing

    def _check_values(self, stretches: list[Stretch]) -> None:
        for stretch in stretches:
            if not self.restarts.is_decided(stretch):
                continue
            if self.restarts.may_have_lost(stretch):
                self._send_again(stretch, self._lines(stretch))
            else:
                self._done(stretch)

    def _check_console(self, stretches: list[Stretch]) -> None:
        lines = {stretch: self._lines(stretch) for stretch in stretches}
        numbers = [line_of(line)[0] for found in lines.values() for line in found]
        stored = self._stored.console(min(numbers)) if numbers else Counter()
        for stretch, found in lines.items():
            absent = [line for line in found if not take(stored, line)]
            if absent:
                self._send_again(stretch, absent)
            else:
                self._done(stretch)

    def absent_console(self, lines: list[bytes], client: Client) -> list[bytes] | None:
        """Return those console lines that are not stored, None where the server cannot be asked.

        Args:
            lines: the lines.
            client: of the calling thread.

        Raises:
            WireError: the server does not answer now.
        """
        if not self.active:
            return None
        run = StoredRun(client, self._session.run, self._session.project)
        try:
            stored = run.console(min(line_of(line)[0] for line in lines))
        except Refused:
            return None
        return [line for line in lines if not take(stored, line)]

    def _check_files(self, stretches: list[Stretch]) -> None:
        files = {stretch: self._files(stretch, self._lines(stretch)) for stretch in stretches}
        keys = list(dict.fromkeys(file.key for found in files.values() for file in found))[:KEYS]
        stored, full = self._stored.files(keys)
        for stretch, found in files.items():
            if any(file.key not in keys for file in found):
                continue
            absent = [file for file in found if (file.key, file.name) not in stored]
            # Of a key with more files than one answer holds the others share the fate of the rows.
            lost = [file for file in absent if file.key not in full or self.restarts.may_have_lost(stretch)]
            if lost:
                self._send_again(stretch, lost)
            else:
                self._done(stretch)


def _place(stretch: Stretch) -> tuple[str, str, int]:
    return stretch.lane, stretch.file, stretch.begin


def _probes(stretch: Stretch, lines: list[bytes]) -> list[tuple[Stretch, dict[str, Any], int]]:
    """Return the rows of a stretch to ask for, each with how many follow that are not asked for.

    More than DENSE rows were one request: its first and its last row tell of all.
    """
    asked = lines if len(lines) <= DENSE else [lines[0], lines[-1]]
    between = 0 if asked is lines else len(lines) - 2
    rows = [json.loads(line) for line in asked]
    return [(stretch, row, between if row is rows[0] else 0) for row in rows if row["data"]]

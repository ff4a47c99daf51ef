"""Checks that acknowledged records were stored, and sends again what was not.

An ingest service answers when it holds the records in memory, stores them seconds later, and forgets what it holds when
it restarts. So it loses whole stretches of time. Rows can be read back by metric and step, console lines counted, files
listed. Other values (texts, histograms, tables) cannot be read back: they share the fate of rows of the same seconds.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from time import monotonic, time
from typing import Any
from zlib import crc32

from wandb_compat.spool import journal, records, staging
from wandb_compat.spool.delivery_log import LANES, Offsets, Stretch
from wandb_compat.spool.records import File
from wandb_compat.uploader.lane import INGEST_ROUTES
from wandb_compat.uploader.latest_values import LatestValues
from wandb_compat.uploader.session import Session
from wandb_compat.uploader.uploads import Uploads
from wandb_compat.wire.errors import Refused, WireError

log = logging.getLogger(__name__)

STORE_TIME = 6.5  # seconds after which an acknowledged record can be read back; measured: 2.6 to 5.4
INTERVAL = 20.0  # seconds between two checks
DENSE = 500  # rows of a stretch above which its first and last row are checked instead of all: it was one request
READ_LIMIT = 50_000  # rows in one answer
QUERIES = 8  # metrics that are asked for in one check, at most; rows without any of them share their stretch's fate
MARGIN = 1.0  # seconds around a hole in the rows in which other values count as lost too
FINISH_INTERVAL = 1.5  # seconds between two checks at the end of a run
KEYS = 50  # keys of files that one check asks for, at most
LISTED = 1000  # files in one answer
CONSOLE_PAGE = 10_000  # lines in one answer


class Verifier:
    """Checks one run, in a separate thread or when `check` is called."""

    def __init__(self, run_dir: Path, session: Session, offsets: Offsets, latest: LatestValues | None = None) -> None:
        self.active = True  # whether the server can be asked
        self._run_dir = run_dir
        self._session = session
        self._offsets = offsets
        self._latest = latest or LatestValues()
        self._client = session.new_client(report_silence=False)
        self._uploads = Uploads(run_dir, session)
        self._holes: list[tuple[float, float]] = []  # ms since the epoch, of acknowledgements that were forgotten
        self._stored_rows: list[int] = []  # ms, times of acknowledgements of rows that were seen to be stored
        self._stopped = threading.Event()
        self._checking = threading.Lock()

    def start(self) -> None:
        """Check every INTERVAL seconds, in a thread, until `stop`."""
        work = copy_context().run
        threading.Thread(target=work, args=(self._loop,), name="verifier", daemon=True).start()

    def stop(self) -> None:
        """Begin no further check."""
        self._stopped.set()

    def _loop(self) -> None:
        while not self._stopped.wait(INTERVAL):
            self.check()

    @property
    def pending(self) -> bool:
        """Whether something acknowledged was not seen to be stored yet."""
        return bool(self._offsets.unstored())

    def finish(self, seconds: float) -> bool:
        """Check until everything is stored, for so many seconds at most; return whether it is."""
        until = monotonic() + seconds
        while True:
            self.check(early=True)
            if not (self.active and self.pending and monotonic() < until) or self._stopped.wait(FINISH_INTERVAL):
                return not self.pending

    def check(self, *, early: bool = False) -> None:
        """Check what was acknowledged long enough ago, and send again what is missing.

        Args:
            early: whether to look for what was acknowledged a moment ago too; if that is missing, it is only too early.
        """
        if self._session.state.run is None or not self.active:
            return
        with self._checking:
            due_before = (time() - STORE_TIME) * 1000
            due = [one for one in self._offsets.unstored() if early or one.last <= due_before]
            try:
                for lane, check in self._checks().items():
                    if stretches := [stretch for stretch in due if stretch.lane == lane]:
                        check(stretches)
            except Refused as error:
                if error.status in (404, 405, 501):
                    self._give_up(error)
                else:
                    log.info("not checked: %s", error)
            except (WireError, OSError) as error:
                log.info("not checked yet: %s", error)
            except Exception:  # one of our bugs must not end the checks
                log.exception("not checked")
            self._holes = [hole for hole in self._holes if hole[1] > due_before - 600_000]
            self._stored_rows = [at for at in self._stored_rows if at > due_before - 600_000]
            self._session.update(unverified=len(self._offsets.unstored()))

    def _checks(self) -> dict[str, Callable[[list[Stretch]], None]]:
        # Rows first: other values share their fate.
        return {
            "metrics": self._check_rows,
            "console": self._check_console,
            "files": self._check_files,
            "data": self._check_values,
        }

    def _give_up(self, error: Refused) -> None:
        """Take acknowledgements for the last word: the server has no route to read back, or not this run."""
        if not self._run_exists():
            log.error("the run is not on the server any more: %s", error)
            return
        log.info("the server cannot tell what it stored, so rows count as delivered once acknowledged: %s", error)
        self.active = False
        for stretch in self._offsets.unstored():
            self._done(stretch)
        self._session.update(verifiable=False, unverified=0)

    def _run_exists(self) -> bool:
        try:
            self._client.details(self._session.run, self._session.project)
        except Refused:
            return False
        except WireError:
            pass
        return True

    # Reading the journal

    def _lines(self, stretch: Stretch) -> list[bytes]:
        """Return the documents of a stretch that were sent: not those that were refused or replaced."""
        return self._latest.current(stretch.lane, self._taken(stretch))

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

    # What is there and what is not

    def _done(self, stretch: Stretch) -> None:
        if stretch.lane == "files":
            for line in self._taken(stretch):
                staging.release(self._run_dir, records.parse(File, line).path)
        self._offsets.mark_stored(stretch)

    def _send_again(self, stretch: Stretch, lines: list[bytes]) -> None:
        """Send lines of a stretch once more; they are checked again.

        Raises:
            WireError: the server does not take them now.
        """
        if not _ripe(stretch):
            return
        log.warning("%s: %s acknowledged records were not stored; they are sent again", stretch.lane, len(lines))
        if stretch.lane == "files":
            self._uploads.upload([records.parse(File, line) for line in lines])
        else:
            self._client.ingest(INGEST_ROUTES[stretch.lane], self._session.headers, lines)
        self._offsets.mark_sent_again(stretch)
        self._session.update(resent=self._session.state.resent + len(lines))

    def _check_rows(self, stretches: list[Stretch]) -> None:
        for file in dict.fromkeys(stretch.file for stretch in stretches):
            mine = [stretch for stretch in stretches if stretch.file == file]
            rows = {stretch: [json.loads(line) for line in self._lines(stretch)] for stretch in mine}
            missing = self._missing_rows({stretch: _probes(found) for stretch, found in rows.items()})
            self._note_holes(mine, {stretch for stretch in missing if _ripe(stretch)})
            for stretch in mine:
                if stretch in missing:
                    self._send_again(stretch, self._lines(stretch))
                else:
                    self._stored_rows.append(stretch.last)
                    self._done(stretch)

    def _missing_rows(self, probes: dict[Stretch, list[dict[str, Any]]]) -> set[Stretch]:
        """Return the stretches of which a row is not stored."""
        missing: set[Stretch] = set()
        left = [(stretch, row) for stretch, rows in probes.items() for row in rows if row["data"]]
        for _ in range(QUERIES):
            if not left:
                break
            counts = Counter(key for _, row in left for key in row["data"])
            metric = counts.most_common(1)[0][0]
            asked = [(stretch, row["step"]) for stretch, row in left if metric in row["data"]]
            stored = self._stored_steps(metric, sorted({step for _, step in asked}))
            missing |= {stretch for stretch, step in asked if step not in stored}
            left = [(stretch, row) for stretch, row in left if metric not in row["data"]]
        return missing

    def _stored_steps(self, metric: str, steps: list[int]) -> set[int]:
        stored: set[int] = set()
        for first, last in _ranges(steps):
            stored |= self._client.raw_steps(self._session.run, self._session.project, metric, first, last)
        return stored

    def _note_holes(self, stretches: list[Stretch], missing: set[Stretch]) -> None:
        """Note the times of acknowledgements around the missing stretches, up to the stored ones on both sides."""
        ordered = sorted(stretches, key=lambda stretch: stretch.first)
        for index, stretch in enumerate(ordered):
            if stretch in missing:
                before = next((one.last for one in reversed(ordered[:index]) if one not in missing), None)
                after = next((one.first for one in ordered[index + 1 :] if one not in missing), None)
                before = before or max((at for at in self._stored_rows if at <= stretch.first), default=stretch.first)
                low = max(before, stretch.first - STORE_TIME * 1000)
                high = min(after or stretch.last, stretch.last + STORE_TIME * 1000)
                self._holes.append((low - MARGIN * 1000, high + MARGIN * 1000))

    def _in_hole(self, stretch: Stretch) -> bool:
        breaks = [(at * 1000 - STORE_TIME * 1000, at * 1000) for at in self._session.breaks]
        near = any(stretch.last <= at <= stretch.last + 2000 for at in self._stored_rows)
        holes = self._holes if near else [*self._holes, *breaks]
        return any(low <= stretch.last and stretch.first <= high for low, high in holes)

    def _check_values(self, stretches: list[Stretch]) -> None:
        # Rows that are still unchecked may yet show a hole around these values.
        waiting = [one.first for one in self._offsets.unstored() if one.lane == "metrics"]
        for stretch in stretches:
            if any(at <= stretch.last + MARGIN * 1000 for at in waiting):
                continue
            if self._in_hole(stretch):
                self._send_again(stretch, self._lines(stretch))
            elif _ripe(stretch) or any(at >= stretch.last for at in self._stored_rows):
                self._done(stretch)

    def _check_console(self, stretches: list[Stretch]) -> None:
        lines = {stretch: self._lines(stretch) for stretch in stretches}
        if not any(lines.values()):
            stored: Counter[tuple[int, str, str]] = Counter()
        else:
            numbers = [json.loads(line)["lineNumber"] for found in lines.values() for line in found]
            stored = self._stored_console(min(numbers))
        for stretch, found in lines.items():
            absent = [line for line in found if not _take(stored, line)]
            if absent:
                self._send_again(stretch, absent)
            else:
                self._done(stretch)

    def absent_console(self, lines: list[bytes]) -> list[bytes]:
        """Return those console lines that are not stored; all of them where the server cannot be asked.

        Raises:
            WireError: the server does not answer now.
        """
        if not self.active:
            return lines
        try:
            stored = self._stored_console(min(json.loads(line)["lineNumber"] for line in lines))
        except Refused:
            return lines
        return [line for line in lines if not _take(stored, line)]

    def _stored_console(self, first: int) -> Counter[tuple[int, str, str]]:
        """Return the stored console lines from a number on, with how often each is there."""
        found: Counter[tuple[int, str, str]] = Counter()
        offset = max(0, first - 1)  # at least so many lines come before, unless some are lost: then step back
        while offset and self._first_number(offset) > first:
            offset = max(0, offset - CONSOLE_PAGE)
        while True:
            page, total = self._client.console(self._session.run, self._session.project, CONSOLE_PAGE, offset)
            found.update((int(one["lineNumber"]), str(one["logType"]), str(one["message"])) for one in page)
            offset += len(page)
            if not page or offset >= total:
                return found

    def _first_number(self, offset: int) -> int:
        page, _ = self._client.console(self._session.run, self._session.project, 1, offset)
        return int(page[0]["lineNumber"]) if page else 2**62

    def _check_files(self, stretches: list[Stretch]) -> None:
        files = {stretch: [records.parse(File, line) for line in self._lines(stretch)] for stretch in stretches}
        keys = list(dict.fromkeys(file.key for found in files.values() for file in found))[:KEYS]
        stored: set[tuple[str, str]] = set()
        full: set[str] = set()
        for key in keys:
            page = self._client.files(self._session.run, self._session.project, logName=key)
            stored |= {(key, str(one.get("fileName"))) for one in page}
            if len(page) >= LISTED:
                full.add(key)
        for stretch, found in files.items():
            if any(file.key not in keys for file in found):
                continue
            absent = [file for file in found if file.key not in full and (file.key, file.name) not in stored]
            if absent:
                names = {(file.key, file.name) for file in absent}
                lines = self._lines(stretch)
                parsed = [(line, records.parse(File, line)) for line in lines]
                self._send_again(stretch, [line for line, file in parsed if (file.key, file.name) in names])
            elif any(file.key in full for file in found) and self._in_hole(stretch):
                self._send_again(stretch, self._lines(stretch))
            else:
                self._done(stretch)


def _ripe(stretch: Stretch) -> bool:
    """Whether a stretch was acknowledged so long ago that it must be stored by now."""
    return stretch.last <= (time() - STORE_TIME) * 1000


def _probes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of a stretch to ask for."""
    return rows if len(rows) <= DENSE else [rows[0], rows[-1]]


def _ranges(steps: list[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges that cover sorted steps, near ones together, each within what one answer holds."""
    begin = 0
    for index in range(1, len(steps) + 1):
        if index == len(steps) or steps[index] - steps[index - 1] > DENSE or steps[index] - steps[begin] >= READ_LIMIT:
            yield steps[begin], steps[index - 1]
            begin = index


def _take(stored: Counter[tuple[int, str, str]], line: bytes) -> bool:
    """Whether a console line is among the stored ones; each counts once."""
    document = json.loads(line)
    key = int(document["lineNumber"]), str(document["logType"]), str(document["message"])
    if stored[key] > 0:
        stored[key] -= 1
        return True
    return False

"""Brings journal records to the server, lane by lane, and notes in `courier.journal` what has been answered.

A lane is a kind of record with a route of its own. Each lane reads the journal for itself and has its own place in each
file, so that what is slow or refused on one route holds up nothing on another.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wandb_compat import journal, records
from wandb_compat.courier.session import Backoff, Session
from wandb_compat.wire import models
from wandb_compat.wire.client import Refused, Unavailable, WireError

log = logging.getLogger(__name__)

Lines = list[bytes]
READ_SIZE = 1024**2  # bytes that a lane reads at once; a longer record still comes whole
LANES = ("run", "metrics", "data", "console")


class Acks:
    """What the server has answered: for each lane, how far into each file. Kept in `courier.journal`, append-only."""

    def __init__(self, home: Path) -> None:
        self.path = home / "journal" / f"courier{journal.SUFFIX}"
        self._places: dict[tuple[str, str], int] = {}
        self.closed = False
        self._file: int | None = None
        if self.path.exists():
            for entries, _ in journal.read(self.path):
                for entry in entries:
                    self._take(*records.decode(entry.line))

    def _take(self, kind: str, document: Any) -> None:
        if kind == "ack":
            self._places[document["lane"], document["file"]] = document["to"]
        elif kind == "closed":
            self.closed = True

    def place(self, lane: str, file: str) -> int:
        """Return the offset up to which a lane has delivered a file."""
        return self._places.get((lane, file), 0)

    def cover(self, files: list[Path]) -> bool:
        """Whether every lane has delivered what lies in the files."""
        ends = {file.name: _sound_end(file) for file in files}
        return all(self.place(lane, name) >= end for name, end in ends.items() for lane in LANES)

    def note(self, lane: str, file: str, to: int) -> None:
        """Note that a lane has delivered a file up to an offset."""
        self._append("ack", {"lane": lane, "file": file, "to": to})

    def close(self) -> None:
        """Note that everything has arrived and the run is closed on the server."""
        self._append("closed", {})

    def _append(self, kind: str, document: dict[str, Any]) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(self._file, journal.frame([kind.encode() + b" " + records.dump(document)]))
        self._take(kind, document)


class Lane:
    """Delivers the records of some kinds with one function.

    `send` takes the documents of consecutive records and raises WireError; when it raises Refused the records are tried
    one by one, so that a bad one costs none of its neighbours.
    """

    def __init__(self, name: str, kinds: tuple[str, ...], send: Callable[[Lines], list[tuple[int, str]]]) -> None:
        self.name = name
        self.kinds = tuple(kind.encode() for kind in kinds)
        self.send = send
        self.backoff = Backoff()


class Delivery:
    """All lanes of one run folder."""

    def __init__(self, home: Path, session: Session, batch_size: int, acks: Acks) -> None:
        self.home = home
        self.session = session
        self.acks = acks
        self.exit: records.Exit | None = None
        self._batch_size = batch_size
        self._complete: dict[str, int] = {}  # file: offset of its end, once its writer has left it
        self._lanes = [
            Lane("run", ("key", "config", "tags", "alert", "exit"), self._send_run),
            Lane("metrics", ("row",), lambda lines: session.ingest("metrics", lines)),
            Lane("data", ("data",), lambda lines: session.ingest("data", lines)),
            Lane("console", ("console",), lambda lines: session.ingest("logs", lines)),
        ]

    def round(self) -> bool:
        """Let every lane that is not backing off deliver one batch of each file; return whether anything moved."""
        moved = False
        files = journal.files(self.home)
        for lane in self._lanes:
            for file in files:
                if lane.backoff.ready():
                    moved |= self._advance(lane, file)
        self._tidy(files)
        return moved

    def empty(self) -> bool:
        """Whether every lane has delivered what lies in the journal."""
        return self.acks.cover(journal.files(self.home))

    def _advance(self, lane: Lane, file: Path) -> bool:
        place = self.acks.place(lane.name, file.name)
        try:
            if file.stat().st_size <= place:
                return False
            entries, place = next(journal.read(file, place, READ_SIZE), ([], place))
        except FileNotFoundError:
            return False
        if place == self.acks.place(lane.name, file.name):
            return False
        if entries and entries[-1].kind == b"end":
            self._complete[file.name] = place
        mine = [entry for entry in entries if entry.kind in lane.kinds]
        if mine and not self._deliver(lane, file, mine):
            return False
        self.acks.note(lane.name, file.name, place)
        return True

    def _deliver(self, lane: Lane, file: Path, entries: list[journal.Entry]) -> bool:
        """Send entries in batches; return whether all of them are done with, noting those that are if not."""
        for batch in _batches(entries, self._batch_size):
            # The run's own lane needs the kinds; to the others a document is all that there is to say.
            lines = [entry.line if lane.name == "run" else entry.document for entry in batch]
            try:
                self._send(lane, lines)
            except WireError as error:
                lane.backoff.failed(error.wait if isinstance(error, Unavailable) else None)
                self.session.ill(lane.name, error)
                return False
            lane.backoff.succeeded()
            self.session.well(lane.name)
            self.acks.note(lane.name, file.name, batch[-1].end)
            if lane.name == "metrics":
                self.session.account(sent=self.session.state.sent + len(batch))
        return True

    def _send(self, lane: Lane, lines: Lines) -> None:
        """Send lines, halving what is refused until the bad line stands alone."""
        try:
            for index, reason in lane.send(lines):
                self._refused(lane, lines[index], reason)
        except Refused as error:
            if len(lines) == 1:
                # Some servers answer every fault with 422, a bad key too: the line is to blame only if the key is good.
                self.session.client.check()
                self._refused(lane, lines[0], str(error))
                return
            half = len(lines) // 2
            self._send(lane, lines[:half])
            self._send(lane, lines[half:])

    def _refused(self, lane: Lane, line: bytes, reason: str) -> None:
        log.error("refused by the server, lane %s: %s: %s", lane.name, reason, line[:2000].decode("utf-8", "replace"))
        self.session.account(refused=self.session.state.refused + 1)

    def _send_run(self, lines: Lines) -> list[tuple[int, str]]:
        """Send the records that are not rows; neighbours of a kind make one request."""
        session = self.session
        keys: dict[str, list[str]] = {}
        config: dict[str, Any] = {}
        tags: list[str] | None = None
        alerts: list[Any] = []
        for kind, document in map(records.decode, lines):
            if kind == "key":
                keys.setdefault(document["type"], []).append(document["name"])
            elif kind == "config":
                merge(config, document["values"])
            elif kind == "tags":
                tags = document["tags"]
            elif kind == "alert":
                alerts.append(document)
            elif kind == "exit":
                self.exit = records.Exit(**document)
        for kind, names in keys.items():
            session.client.add_keys(session.run, kind, names)
        if config:
            session.client.update_config(session.run, models.document(config))
        if tags is not None:
            session.client.update_tags(session.run, models.tags(tags))
        for alert in alerts:
            body = {"timestamp": alert["time"], "level": alert["level"], "title": alert["title"], "body": alert["text"]}
            session.client.alert(session.run, {**body, "email": True, "url": None})
        return []

    def _tidy(self, files: list[Path]) -> None:
        """Delete the files that are complete and delivered; the head stays, tools look for it."""
        for file in files[1:]:
            end = self._complete.get(file.name)
            if end and all(self.acks.place(lane.name, file.name) >= end for lane in self._lanes):
                file.unlink(missing_ok=True)
                del self._complete[file.name]


def _batches(entries: list[journal.Entry], size: int) -> list[list[journal.Entry]]:
    batches: list[list[journal.Entry]] = [[]]
    weight = 0
    for entry in entries:
        if batches[-1] and weight + len(entry.line) > size:
            batches.append([])
            weight = 0
        batches[-1].append(entry)
        weight += len(entry.line)
    return batches


def merge(into: dict[str, Any], values: dict[str, Any]) -> None:
    """Merge as the server does: objects merge, everything else replaces."""
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def _sound_end(file: Path) -> int:
    """Return the offset behind the last finished line of a file."""
    try:
        with file.open("rb") as stream:
            back = end = stream.seek(0, os.SEEK_END)
            while back > 0:
                back = max(0, back - 65536)
                stream.seek(back)
                newline = stream.read(min(65536, end - back)).rfind(b"\n")
                if newline >= 0:
                    return back + newline + 1
    except FileNotFoundError:
        pass
    return 0


_ROW = re.compile(rb"\x1e[0-9a-f]{8} row ")


def waiting_rows(home: Path) -> int:
    """Return how many history rows of a run folder the server has not acknowledged."""
    acks = Acks(home)
    count = 0
    for file in journal.files(home):
        with file.open("rb") as stream:
            stream.seek(acks.place("metrics", file.name))
            while chunk := stream.read(READ_SIZE):
                chunk += stream.readline()
                count += len(_ROW.findall(chunk))
    return count


def start_of(home: Path) -> records.Start | None:
    """Return the first record of a run folder, or None when there is none."""
    for file in journal.files(home)[:2]:
        for entries, _ in journal.read(file):
            for entry in entries:
                if entry.kind == b"start":
                    return records.Start(**json.loads(entry.document))
    return None

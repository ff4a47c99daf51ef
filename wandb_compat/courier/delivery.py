"""Brings journal records to the server, lane by lane, and notes in `courier.journal` what has been answered.

A lane is a kind of record with a route of its own. Each lane reads the journal for itself and has its own place in each
file, so that what is slow or refused on one route holds up nothing on another.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from wandb_compat import journal, records
from wandb_compat.courier.acks import LANES, READ_SIZE, Acks
from wandb_compat.courier.publish import Publisher
from wandb_compat.courier.session import Backoff, Session
from wandb_compat.courier.uploads import PRESIGN_LIMIT, Uploads
from wandb_compat.wire import models
from wandb_compat.wire.client import Refused, Unavailable, WireError

log = logging.getLogger(__name__)

Lines = list[bytes]
ROUTES = {
    "metrics": "metrics",
    "data": "data",
    "console": "logs",
}  # lanes whose records go to an ingest route as they are
UPLOAD_IDLE = 0.05  # seconds between two looks for files


class Lane:
    """Delivers the records of its kinds with one function.

    `send` takes the documents of consecutive records and raises WireError; when it raises Refused the records are tried
    one by one, so that a bad one costs none of its neighbours. `done` hears of what has been delivered and noted.
    """

    def __init__(
        self,
        name: str,
        send: Callable[[Lines], list[tuple[int, str]]],
        count: int | None = None,
        done: Callable[[Lines], None] = lambda lines: None,
    ) -> None:
        self.name = name
        self.count = count  # of records in a batch, at most
        self.kinds = tuple(kind.encode() for kind in LANES[name])
        self.send = send
        self.done = done
        self.backoff = Backoff()


class Delivery:
    """All lanes of one run folder."""

    def __init__(self, home: Path, session: Session, batch_size: int, acks: Acks) -> None:
        self.home = home
        self.session = session
        self.acks = acks
        self._batch_size = batch_size
        self._complete: dict[str, int] = {}  # file: offset of its end, once its writer has left it
        self._lanes = [
            Lane("run", self._send_run),
            *(Lane(name, partial(self._ingest, route)) for name, route in ROUTES.items()),
        ]
        uploads = Uploads(home, session)
        publisher = Publisher(home, session, Uploads(home, session))
        self._slow = [
            Lane("files", uploads.send, count=PRESIGN_LIMIT, done=uploads.done),
            Lane("artifacts", publisher.send, count=1, done=publisher.done),
        ]
        self._stopped = threading.Event()
        for lane in self._slow:
            threading.Thread(target=self._upload, args=(lane,), name=lane.name, daemon=True).start()

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

    def _upload(self, lane: Lane) -> None:
        """Deliver a lane of files on a thread of its own: a large one on a slow line holds up no row and no image."""
        while not self._stopped.is_set():
            moved = False
            try:
                if self.session.state.run is not None:
                    for file in journal.files(self.home):
                        if lane.backoff.ready():
                            moved |= self._advance(lane, file)
            except Exception:  # a full disk, a fault of ours: the run must not wait for a thread that is dead
                log.exception("lane %s", lane.name)
                lane.backoff.failed()
            if not moved:
                self._stopped.wait(UPLOAD_IDLE)

    def stop(self) -> None:
        """Begin no further upload."""
        self._stopped.set()

    @property
    def exit(self) -> records.Exit | None:
        """How the run ended, once that has been read."""
        return self.acks.exit

    def _ingest(self, route: str, lines: Lines) -> list[tuple[int, str]]:
        return self.session.client.ingest(route, self.session.headers, lines)

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
        for batch in _batches(entries, self._batch_size, lane.count):
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
            lane.done(lines)
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
        ending: dict[str, Any] | None = None
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
                ending = document
        for kind, names in keys.items():
            session.client.add_keys(session.run, kind, names)
        if config:
            session.client.update_config(session.run, models.document(config))
        if tags is not None:
            session.client.update_tags(session.run, models.tags(tags))
        for alert in alerts:
            body = {"timestamp": alert["time"], "level": alert["level"], "title": alert["title"], "body": alert["text"]}
            session.client.alert(session.run, {**body, "email": True, "url": None})
        if ending is not None:
            self.acks.ended(ending)
        return []

    def _tidy(self, files: list[Path]) -> None:
        """Delete the files that are complete and delivered; the head stays, tools look for it."""
        for file in files[1:]:
            end = self._complete.get(file.name)
            if end and all(self.acks.place(lane.name, file.name) >= end for lane in (*self._lanes, *self._slow)):
                file.unlink(missing_ok=True)
                del self._complete[file.name]


def _batches(entries: list[journal.Entry], size: int, count: int | None) -> list[list[journal.Entry]]:
    batches: list[list[journal.Entry]] = [[]]
    weight = 0
    for entry in entries:
        if batches[-1] and (weight + len(entry.line) > size or len(batches[-1]) == count):
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

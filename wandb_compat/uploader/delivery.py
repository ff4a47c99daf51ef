"""Brings journal records to the server, lane by lane, and notes in `uploader.journal` what has been answered.

A lane is a kind of record with a route of its own. Each lane reads the journal for itself, has its own place in each
file and its own thread, so that what is slow, hangs or is refused on one route holds up nothing on another. The lane of
the run itself has the thread of whoever delivers.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any

from wandb_compat.spool import journal, os_errors, records
from wandb_compat.spool.config_merge import merge
from wandb_compat.spool.delivery_log import LANES, Offsets
from wandb_compat.uploader.publish import Publisher
from wandb_compat.uploader.session import Backoff, Session
from wandb_compat.uploader.uploads import PRESIGN_LIMIT, Uploads
from wandb_compat.wire.client import Client
from wandb_compat.wire.errors import Refused, Unavailable, WireError

log = logging.getLogger(__name__)

Lines = list[bytes]
ROUTES = {
    "metrics": "metrics",
    "data": "data",
    "console": "logs",
}  # lanes whose records go to an ingest route as they are
RETRY_LOOK = 0.05  # seconds between two looks of a lane that has had trouble at whether it is time to try again
SMALLEST_BATCH = 16 * 1024  # bytes; after a failure batches are halved down to this, for a slow line or server
REASON_SHOWN = 200  # characters of a refusal's reason that are kept with its count
END = b"end"  # the kind of a file's last record
DOUBTS = 5  # refusals of a line, with waits between them, after which it is to blame though nothing else was ever taken


class Lane:
    """Delivers the records of its kinds with one function.

    `send` takes the documents of consecutive records and raises WireError; when it raises Refused for their content,
    they are tried one by one, so that a bad one costs none of its neighbours. `done` hears of what has been delivered
    and noted.
    """

    def __init__(
        self,
        name: str,
        send: Callable[[Lines], list[tuple[int, str]]],
        size: int,
        client: Client,
        count: int | None = None,
        done: Callable[[Lines], None] = lambda lines: None,
    ) -> None:
        self.name = name
        self.client = client  # of the lane's thread: the sessions of requests are not to be shared
        self.count = count  # of records in a batch, at most
        self.size = self.full = size  # bytes of a batch, at most
        self.taken: bytes | None = None  # a line that the server has taken, on an ingest route
        self.doubts = 0
        self.wanted = journal.pattern(*(kind.encode() for kind in LANES[name]), END)
        self.send = send
        self.done = done
        self.backoff = Backoff()
        self.call = threading.Event()  # set when there is more in the journal

    def failed(self, wait: float | None) -> None:
        """Note that the server did not take a batch; the next one will be smaller and later."""
        self.backoff.failed(wait)
        self.size = max(self.size // 2, min(SMALLEST_BATCH, self.full))

    def succeeded(self) -> None:
        """Note that it did."""
        self.backoff.succeeded()
        self.size = min(self.size * 2, self.full)
        self.doubts = 0


class Delivery:
    """All lanes of one run directory."""

    def __init__(
        self, run_dir: Path, session: Session, batch_size: int, acks: Offsets, idle: Callable[[], object]
    ) -> None:
        """Start the lanes.

        Args:
            run_dir: the run directory.
            session: the run on the server.
            batch_size: bytes of a request that carries rows, at most.
            acks: what has been delivered so far.
            idle: called by a lane that has delivered all that it found of a run that is over, from its own thread.
        """
        self._idle = idle
        self.run_dir = run_dir
        self.session = session
        self.acks = acks
        self._complete: dict[str, int] = {}  # file: offset of its end, once its writer has left it
        uploads = Uploads(run_dir, session)
        publisher = Publisher(run_dir, session, Uploads(run_dir, session))
        self._run = Lane("run", self._send_run, batch_size, session.client)
        self._others = [
            *(self._ingesting(name, route, batch_size) for name, route in ROUTES.items()),
            Lane("files", uploads.send, batch_size, session.another_client(), count=PRESIGN_LIMIT, done=uploads.done),
            Lane("artifacts", publisher.send, batch_size, session.another_client(), count=1, done=publisher.done),
        ]
        self._sizes: dict[str, int] | None = None  # of the journal's files at the last look
        self._stopped = False
        for lane in self._others:
            # With the context of whoever delivers, by which the logs of several uploaders in a process are told apart.
            work = partial(copy_context().run, self._keep_delivering, lane)
            threading.Thread(target=work, name=lane.name, daemon=True).start()

    def round(self) -> bool:
        """Let the run's own lane deliver one batch of each file; return whether anything moved."""
        files = journal.files(self.run_dir)
        if (sizes := journal.sizes(files)) != self._sizes:
            self._sizes = sizes
            self._call_lanes()
        moved = self._round(self._run, files)
        self._tidy(files)
        return moved

    def _round(self, lane: Lane, files: list[Path]) -> bool:
        moved = False
        for file in files:
            if lane.backoff.ready():
                moved |= self._advance(lane, file)
        return moved

    def _keep_delivering(self, lane: Lane) -> None:
        broken = False
        while True:
            lane.call.wait(RETRY_LOOK if lane.backoff.troubled else None)
            if self._stopped:
                return
            lane.call.clear()
            if not lane.backoff.ready():
                continue
            try:
                with os_errors.retryable():
                    while not self._stopped and self._round(lane, journal.files(self.run_dir)):
                        pass
            except Exception as error:  # a fault of ours too: the run must not wait for a thread that is dead
                log.error("lane %s: %s", lane.name, error, exc_info=not isinstance(error, Unavailable))
                lane.failed(None)
                self.session.ill(lane.name, Unavailable(str(error)))
                broken = True
            else:
                if broken and lane.backoff.ready():  # nothing else has gone wrong this time
                    lane.succeeded()
                    self.session.well(lane.name)
                    broken = False
            if self.exit is not None:
                self._idle()

    def _call_lanes(self) -> None:
        for lane in self._others:
            lane.call.set()

    def stop(self) -> None:
        """Begin no further batch."""
        self._stopped = True
        self._call_lanes()

    @property
    def exit(self) -> records.Exit | None:
        """How the run ended, once that has been read."""
        return self.acks.exit

    def _ingesting(self, name: str, route: str, batch_size: int) -> Lane:
        client = self.session.another_client()
        return Lane(name, lambda lines: client.ingest(route, self.session.headers, lines), batch_size, client)

    def empty(self) -> bool:
        """Whether every lane has delivered what lies in the journal."""
        return self.acks.cover(journal.files(self.run_dir))

    def _advance(self, lane: Lane, file: Path) -> bool:
        place = self.acks.place(lane.name, file.name)
        try:
            if file.stat().st_size <= place:
                return False
            entries, place = next(journal.read(file, place, lane.full, lane.wanted), ([], place))
        except FileNotFoundError:
            return False
        if place == self.acks.place(lane.name, file.name):
            return False
        if entries and entries[-1].kind == END:
            self._complete[file.name] = place
            entries.pop()
        if entries and not self._deliver(lane, file, entries):
            return False
        self.acks.pass_over(lane.name, file.name, place)
        return True

    def _deliver(self, lane: Lane, file: Path, entries: list[journal.Entry]) -> bool:
        """Send entries in batches; return whether all of them are done with, noting those that are if not."""
        for batch in _batches(entries, lane.size, lane.count):
            # The run's own lane needs the kinds; to the others a document is all that there is to say.
            lines = [entry.line if lane.name == "run" else entry.document for entry in batch]
            try:
                self._send(lane, lines)
            except WireError as error:
                lane.failed(error.wait if isinstance(error, Unavailable) else None)
                self.session.ill(lane.name, error)
                return False
            lane.succeeded()
            self.session.well(lane.name)
            self.acks.note(lane.name, file.name, batch[-1].end)
            lane.done(lines)
            if lane.name == "metrics":
                self.session.account(sent=self.session.state.sent + len(batch))
        return True

    def _send(self, lane: Lane, lines: Lines) -> bool:
        """Send lines, halving what is refused until the bad line stands alone; return whether any was taken.

        Raises:
            WireError: the server takes nothing now, this or other.
        """
        try:
            refused = lane.send(lines)
        except Refused as error:
            if not error.content:
                raise
            if len(lines) > 1:
                half = len(lines) // 2
                return self._send(lane, lines[:half]) | self._send(lane, lines[half:])
            self._judge(lane, lines[0], error)
            self._refused(lane, lines[0], str(error))
            return False
        for index, reason in refused:
            self._refused(lane, lines[index], reason)
        if lane.name in ROUTES:
            bad = {index for index, _ in refused}
            lane.taken = next((line for index, line in enumerate(lines) if index not in bad), lane.taken)
        return True

    def _judge(self, lane: Lane, line: bytes, refusal: Refused) -> None:
        """Return if a line that was refused alone is to blame itself.

        Ingest routes answer with 422 to every fault, a bad key or a database that is down too. The line is to blame if
        the key is good and a line is taken that was taken before; the server keeps such a one only once.

        Raises:
            WireError: the server is to blame, or that is not certain yet.
        """
        lane.client.check()
        if lane.name not in ROUTES:
            return
        if lane.taken is not None:
            try:
                lane.send([lane.taken])
            except Refused as error:
                raise Unavailable(f"the Pluto server refuses what it has taken before: {error}") from error
            return
        lane.doubts += 1
        if lane.doubts < DOUBTS:
            raise Unavailable(str(refusal))

    def _refused(self, lane: Lane, line: bytes, reason: str) -> None:
        log.error("refused by the server, lane %s: %s: %s", lane.name, reason, line[:2000].decode("utf-8", "replace"))
        self.acks.refuse(lane.name, line, reason[:REASON_SHOWN])
        self.session.account(refused=len(self.acks.refused))

    def _send_run(self, lines: Lines) -> list[tuple[int, str]]:
        """Send the records that are not rows; neighbours of a kind make one request."""
        session = self.session
        types: dict[str, str] = {}  # of keys
        config: dict[str, Any] = {}
        tags: list[str] | None = None
        alerts: list[Any] = []
        graph: dict[str, Any] | None = None
        ending: dict[str, Any] | None = None
        for kind, document in map(records.decode, lines):
            if kind == "key":
                types.setdefault(document["name"], document["type"])  # a key keeps its first type
            elif kind == "config":
                merge(config, document["values"])
            elif kind == "tags":
                tags = document["tags"]
            elif kind == "alert":
                alerts.append(document)
            elif kind == "graph":
                graph = document
            elif kind == "exit":
                ending = document
        for kind in dict.fromkeys(types.values()):
            names = [name for name, type in types.items() if type == kind]
            session.client.add_keys(session.run, kind, names)
        if config:
            session.add_config(config)
        if tags is not None:
            session.client.update_tags(session.run, session.all_tags(tags))
        for alert in alerts:
            body = {"timestamp": alert["time"], "level": alert["level"], "title": alert["title"], "body": alert["text"]}
            session.client.alert(session.run, {**body, "email": True, "url": None})
        if graph is not None:
            session.client.model_graph(session.run, graph)
        if ending is not None:
            self.acks.ended(ending)
        return []

    def _tidy(self, files: list[Path]) -> None:
        """Delete the files that are complete and delivered; the head stays, tools look for it."""
        for file in files[1:]:
            end = self._complete.get(file.name)
            if end and self.acks.delivered(file.name) >= end:
                self.acks.settle(file.name)
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

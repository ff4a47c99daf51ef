"""A lane: the records of one kind, or a few, that go to one route of the server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from wandb_compat.spool import journal
from wandb_compat.spool.delivery_log import LANES
from wandb_compat.uploader.backoff import Backoff
from wandb_compat.uploader.pace import Pace
from wandb_compat.wire.client import Client

Lines = list[bytes]
# Lanes whose records go to an ingest route unchanged, with the last part of its path.
INGEST_ROUTES = {"metrics": "metrics", "data": "data", "console": "logs"}
SMALLEST_BATCH = 16 * 1024  # bytes; batches are halved down to this after a failure, for a slow line or server
END = b"end"  # the kind of a file's last record
URGENT = (b"alert", b"exit")  # kinds that do not wait for others to be sent with
SAMPLES = "system-"  # how the names of files begin that hold system metrics


@dataclass(slots=True)
class Portion:
    """What a lane has read of one file and not delivered yet; `end` is the offset up to which it has read."""

    end: int
    entries: list[journal.Entry] = field(default_factory=list)


Batch = dict[str, list[journal.Entry]]  # consecutive entries of each file


class Lane:
    """One lane's state: what it has read, batch size, back-off, pace, and how to send a batch."""

    def __init__(
        self,
        name: str,
        send: Callable[[Lines], list[tuple[int, str]]],
        size: int,
        client: Client,
        count: int | None = None,
        delivered: Callable[[Lines], None] = lambda lines: None,
        paced: bool = True,
    ) -> None:
        """Prepare the lane.

        Args:
            name: a key of LANES.
            send: sends the documents of consecutive records; returns (index, reason) of those that were refused, and
                raises WireError. When it raises Refused for their content, they are tried one by one, so that a bad
                record costs none of its neighbours.
            size: greatest number of bytes of a batch.
            client: of the lane's thread: a `requests` session must not be shared.
            count: greatest number of records of a batch.
            delivered: called with what has been delivered and noted.
            paced: whether records wait for others to be sent with, as `Pace` decides.
        """
        self.name = name
        self.client = client
        self.count = count
        self.size = self.full_size = size
        self.accepted: bytes | None = None  # a line that the server has taken, on an ingest route
        self.answers_lost = 0  # times that the next batch may have arrived although it failed
        self.suspicions = 0  # times that a line was refused alone, without a proof that it is at fault
        self.askable = False  # whether the server can be asked which records of a refused batch it has stored
        self.unsure = 0  # pending records that may be stored: it is to be asked
        self.suspicious = False  # whether the first of them that is not stored is at fault, it seems
        self.wanted = journal.pattern(*(kind.encode() for kind in LANES[name]), END)
        self.send = send
        self.delivered = delivered
        self.backoff = Backoff()
        self.wake = threading.Event()  # set when the journal has more
        self.pace = Pace()
        if not paced:
            self.pace.hurry()
        self._pending: dict[str, Portion] = {}  # by file
        self._weight = self._waiting = 0  # bytes and number of the pending entries
        self._urgent = False

    def failed(self, pause: float | None) -> None:
        """Note that the server did not take a batch; the next one will be smaller and later."""
        self.backoff.failed(pause)
        self.size = max(self.size // 2, min(SMALLEST_BATCH, self.full_size))

    def succeeded(self) -> None:
        """Note that it did."""
        self.backoff.succeeded()
        self.size = min(self.size * 2, self.full_size)
        self.answers_lost = 0
        self.suspicions = 0

    # What was read and not delivered

    @property
    def is_full(self) -> bool:
        """Whether no more should be read before something was delivered."""
        return self._weight >= self.full_size

    def position(self, file: str) -> int | None:
        """Return the offset up to which a file was read, None if nothing of it is pending."""
        portion = self._pending.get(file)
        return portion.end if portion is not None else None

    def add(self, file: str, entries: list[journal.Entry], end: int) -> None:
        """Add what was read of a file, up to the offset `end`."""
        portion = self._pending.setdefault(file, Portion(end))
        portion.entries += entries
        portion.end = end
        self._weight += sum(len(entry.line) for entry in entries)
        self._waiting += len(entries)
        self._urgent |= any(entry.kind in URGENT for entry in entries)

    def remaining(self) -> float | None:
        """Return in how many seconds pending entries are to be sent, None without any."""
        if not self._pending:
            return None
        if self._urgent:
            return 0.0
        return self.pace.remaining(samples_only=all(file.startswith(SAMPLES) for file in self._pending))

    def next_batch(self, *, only_full: bool) -> Batch | None:
        """Return what to send next, None if it is to wait for more.

        Args:
            only_full: whether a batch must be full; otherwise it must be full or due.
        """
        full = self._weight >= self.size or (self.count is not None and self._waiting >= self.count)
        if not self._pending or not (full or (not only_full and self.remaining() == 0)):
            return None
        batch: Batch = {}
        weight = count = 0
        for file, portion in self._pending.items():
            for entry in portion.entries:
                if count and (weight + len(entry.line) > self.size or count == self.count):
                    return batch
                batch.setdefault(file, []).append(entry)
                weight += len(entry.line)
                count += 1
        return batch

    def remove(self, batch: Batch) -> dict[str, int]:
        """Forget a batch that was delivered; return for each file the offset up to which nothing is pending."""
        ends = {}
        for file, entries in batch.items():
            portion = self._pending[file]
            del portion.entries[: len(entries)]
            ends[file] = entries[-1].end
            if not portion.entries:
                ends[file] = portion.end
                del self._pending[file]
            self._weight -= sum(len(entry.line) for entry in entries)
            self._waiting -= len(entries)
        self._urgent = self._urgent and bool(self._pending)
        return ends

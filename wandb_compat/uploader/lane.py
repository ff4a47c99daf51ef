"""A lane: the records of one kind, or a few, that go to one route of the server."""

from __future__ import annotations

import threading
from collections.abc import Callable

from wandb_compat.spool import journal
from wandb_compat.spool.delivery_log import LANES
from wandb_compat.uploader.backoff import Backoff
from wandb_compat.wire.client import Client

Lines = list[bytes]
# Lanes whose records go to an ingest route unchanged, with the last part of its path.
INGEST_ROUTES = {"metrics": "metrics", "data": "data", "console": "logs"}
SMALLEST_BATCH = 16 * 1024  # bytes; batches are halved down to this after a failure, for a slow line or server
END = b"end"  # the kind of a file's last record


class Lane:
    """One lane's state: batch size, back-off, and how to send a batch."""

    def __init__(
        self,
        name: str,
        send: Callable[[Lines], list[tuple[int, str]]],
        size: int,
        client: Client,
        count: int | None = None,
        delivered: Callable[[Lines], None] = lambda lines: None,
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
        """
        self.name = name
        self.client = client
        self.count = count
        self.size = self.full_size = size
        self.accepted: bytes | None = None  # a line that the server has taken, on an ingest route
        self.answers_lost = 0  # times that the next batch may have arrived although it failed
        self.suspicions = 0  # times that a line was refused alone, without a proof that it is at fault
        self.wanted = journal.pattern(*(kind.encode() for kind in LANES[name]), END)
        self.send = send
        self.delivered = delivered
        self.backoff = Backoff()
        self.wake = threading.Event()  # set when the journal has more

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

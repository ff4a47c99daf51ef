"""Sends batches to the ingest routes, splits those that are refused, and decides which records are at fault."""

from __future__ import annotations

import logging
import re

from wandb_compat.spool import records
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.uploader import restarts
from wandb_compat.uploader.lane import INGEST_ROUTES, Lane, Lines
from wandb_compat.uploader.large_values import LargeValues
from wandb_compat.uploader.session import Session
from wandb_compat.wire.errors import TOO_LARGE, PartlyStored, Refused, Unavailable

log = logging.getLogger(__name__)

REASON_SHOWN = 200  # characters of a refusal's reason that are kept with its count
# In the reason of a refusal: the server could not ask its own database or another of its parts.
SERVER_FAULT = re.compile(r"database|clickhouse|postgres|connection|timed? ?out", re.IGNORECASE)
KEPT = re.compile(r"\bthe (\d+) before it are\b")  # in the reason of a refusal: lines that are stored already
SUSPICIONS = 5  # refusals of a lone line, with pauses between them, after which it is at fault without further proof


class Refusals:
    """Sends what one thread has to send of a run, and notes what the server will not have."""

    def __init__(self, session: Session, offsets: Offsets, large_values: LargeValues) -> None:
        """Prepare.

        Args:
            session: the run on the server.
            offsets: where refusals are noted.
            large_values: uploads values that are too large for a request; used by the same thread.
        """
        self._session = session
        self._offsets = offsets
        self._large_values = large_values

    def send(self, lane: Lane, lines: Lines, *, first_is_suspect: bool = False) -> bool:
        """Send lines, splitting what is refused until the bad line is alone; return whether any was accepted.

        Args:
            lane: the lane that they belong to.
            lines: what to send.
            first_is_suspect: whether a refusal is known to begin with the first line: those before it are stored.

        Raises:
            WireError: the server accepts nothing now, this or other, or must be asked first what it has stored.
        """
        try:
            refused = lane.send(lines)
        except Refused as error:
            if not error.content:
                raise
            if error.status == TOO_LARGE and len(lines) == 1 and lane.name == "data":
                self._large_values.upload(lines[0])
                return True
            if len(lines) > 1:
                return self._send_split(lane, lines, error, 0 if first_is_suspect else _kept(error))
            if not self._is_at_fault(lane, lines[0], error):
                return True
            self._note(lane, lines[0], str(error))
            return False
        for index, reason in refused:
            self._note(lane, lines[index], reason)
        if lane.name in INGEST_ROUTES:
            bad = {index for index, _ in refused}
            lane.accepted = next((line for index, line in enumerate(lines) if index not in bad), lane.accepted)
        return True

    def _send_split(self, lane: Lane, lines: Lines, refusal: Refused, kept: int | None) -> bool:
        """Send the lines of a refused batch, of which the server has stored the first `kept`, None if unknown."""
        if kept is None and lane.askable and refusal.status != TOO_LARGE:  # a proxy that refuses has passed on nothing
            raise PartlyStored(str(refusal), restarts.STORE_TIME)
        if kept is not None and 0 < kept < len(lines):
            return self.send(lane, lines[kept:])
        half = 1 if kept == 0 else len(lines) // 2
        return self.send(lane, lines[:half]) | self.send(lane, lines[half:])

    def _is_at_fault(self, lane: Lane, line: bytes, refusal: Refused) -> bool:
        """Whether a line that was refused alone is itself at fault.

        Ingest routes answer every fault with 422, a bad key or a broken database too. The line is at fault if the key
        is good, a line that was accepted before is accepted again (the server stores such a line only once), and this
        line is refused again after that: in between the server may have recovered.

        Raises:
            WireError: the server is at fault, or that is undecided.
        """
        if SERVER_FAULT.search(str(refusal)):
            raise Unavailable(str(refusal))
        lane.client.check()
        if lane.name not in INGEST_ROUTES:
            return True
        if lane.accepted is None:
            lane.suspicions += 1
            if lane.suspicions < SUSPICIONS:
                raise Unavailable(str(refusal))
        else:
            try:
                lane.send([lane.accepted])
            except Refused as error:
                raise Unavailable(f"the Pluto server refuses what it accepted before: {error}") from error
        try:
            return bool(lane.send([line]))
        except Refused as error:
            if not error.content or SERVER_FAULT.search(str(error)):
                raise Unavailable(str(error)) from error
            return True

    def _note(self, lane: Lane, line: bytes, reason: str) -> None:
        log.error("refused by the server, lane %s: %s: %s", lane.name, reason, line[:2000].decode("utf-8", "replace"))
        self._count(lane.name, line, reason)

    def note_parts(self, reasons: list[str]) -> None:
        """Note parts of the run's creation that the server does not take."""
        for reason in reasons:
            log.error("refused by the server: %s", reason)
            self._count("run", reason.encode(), reason)

    def note_loss(self, file: records.File, reason: str) -> None:
        """Note that a file arrives without a part of it."""
        log.error("%s", reason)
        self._count("files", f"{file.key} {file.name} {reason}".encode(), reason)

    def _count(self, lane: str, what: bytes, reason: str) -> None:
        self._offsets.refuse(lane, what, reason[:REASON_SHOWN])
        self._session.update(refused=len(self._offsets.refused))


def _kept(refusal: Refused) -> int | None:
    """Return how many lines before a bad one the server has kept of a refused batch, None if it does not say so."""
    found = KEPT.search(str(refusal))
    return int(found[1]) if found is not None else None

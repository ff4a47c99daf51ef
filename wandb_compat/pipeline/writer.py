"""The queue of a run's records, and what brings it to the journal on disk."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from itertools import islice
from pathlib import Path

from wandb_compat.config.limits import QUEUE_LIMIT, UNWRITTEN_LIMIT, WRITE_BATCH
from wandb_compat.config.settings import Settings
from wandb_compat.pipeline.row_sample import RowSample
from wandb_compat.spool import losses
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import Journal, JournalFull
from wandb_compat.spool.notifier import Notifier

LOSSES_SHOWN = 3  # files that the message at the end names


class JournalWriter:
    """Queue and journal of one process.

    `put` only appends to the queue; `write` does the rest, in whichever thread calls it. Both may be called by a signal
    handler while the thread that it interrupted is in one of them.
    """

    def __init__(self, run_dir: Path, settings: Settings, notifier: Notifier) -> None:
        """Prepare an empty queue; `open` follows.

        Args:
            run_dir: the run directory.
            settings: limits of the journal.
            notifier: reports trouble with the disk.
        """
        self.run_dir = run_dir
        self.queue: deque[bytes] = deque()
        self.write_at_once = False  # whether each record is written by its caller
        self.sample: RowSample | None = None  # of the rows that were written, where the end of the run shows them
        self.lost = 0  # records that could not be written
        self.disk_error: str | None = None
        self._settings = settings
        self._notifier = notifier
        self._lock = threading.RLock()
        self._unwritten: deque[bytes] = deque()  # records that the disk has refused so far, older than the queue's
        self._in_flight: list[list[bytes]] = []  # batches that this thread is writing; several in signal handlers
        self._journal: Journal | None = None
        self._run_id = ""

    def open(self, run_id: str, head: Path | None = None) -> None:
        """Open the journal; `head` is the path of its first file, by default one in the directory `journal`."""
        self._run_id = run_id
        self._journal = Journal(
            self.run_dir,
            run_id,
            role="rows",
            segment_size=self._settings.segment_size,
            limit=self._settings.journal_limit,
            head=head,
        )

    def after_fork(self) -> None:
        """Begin anew in a forked child: what was queued is the parent's to write, and so is the parent's file.

        A forked child exits through `os._exit`, so nothing is flushed at exit: each record is written immediately.
        """
        self._lock = threading.RLock()
        self.queue.clear()
        self._unwritten.clear()
        self._in_flight.clear()
        self.write_at_once = True
        self.open(self._run_id)

    def put(self, line: bytes) -> None:
        """Queue an encoded record."""
        self.queue.append(line)
        if self.write_at_once or len(self.queue) > QUEUE_LIMIT:
            self.write()

    def write(self) -> None:
        """Write to disk what is queued now, in the calling thread."""
        with self._lock:
            # Only what is queued now: other threads may queue as fast as this one writes.
            for _ in range(2 + (len(self.queue) + len(self._unwritten)) // WRITE_BATCH):
                if not self._write_batch():
                    return

    def reclaim(self) -> None:
        """Take back records whose write a signal handler has interrupted in this thread; the handler ends the run.

        They may be written twice, if the interrupted write goes on after all. Readers accept that.
        """
        with self._lock:
            while self._in_flight:
                lines = self._in_flight.pop()
                self._unwritten.extendleft(reversed(lines))
                lines.clear()

    def close(self) -> None:
        """Give up what the disk still refuses, and complete the journal's file."""
        with self._lock:
            self.lost += len(self._unwritten)
            self._unwritten.clear()
            if self._journal is not None:
                self._journal.close()

    def _write_batch(self) -> bool:
        """Write up to WRITE_BATCH records; return whether there were some and they are done with."""
        journal = self._journal
        if journal is None:
            return False
        lines: list[bytes] = []
        written_before = journal.written
        self._in_flight.append(lines)
        try:
            for source in (self._unwritten, self.queue):
                # In C, so that no signal handler runs between taking a record and keeping it.
                with suppress(IndexError):
                    lines.extend(islice(iter(source.popleft, None), min(len(source), WRITE_BATCH - len(lines))))
            return bool(lines) and self._append(journal, lines)
        except BaseException:  # an interrupt
            if journal.written == written_before:
                self._unwritten.extendleft(reversed(lines))
            raise
        finally:
            # By identity: a signal handler may have reclaimed it.
            self._in_flight[:] = [batch for batch in self._in_flight if batch is not lines]

    def _append(self, journal: Journal, lines: list[bytes]) -> bool:
        """Append records to the journal; return whether they are done with, on disk or lost."""
        try:
            journal.append(lines)
        except JournalFull as error:
            self._lose(len(lines), error)
        except Exception as error:  # the disk; and nothing else may fill the memory either
            self._notifier.warning(
                f"the journal cannot be written: {error}; rows are kept in memory meanwhile", once="disk"
            )
            self.disk_error = str(error)
            self._unwritten.extendleft(reversed(lines))
            with suppress(IndexError):
                self._unwritten.extend(islice(iter(self.queue.popleft, None), len(self.queue)))
            if sum(map(len, self._unwritten)) <= UNWRITTEN_LIMIT:
                return False
            count = len(self._unwritten)
            self._unwritten.clear()
            self._lose(count, error)
        if self.sample is not None:
            self.sample.add(lines)
        if journal.restored:
            what = f"was renamed to {journal.moved_to}" if journal.moved_to is not None else "was deleted"
            self._notifier.warning(
                f"{self.run_dir} {what} while the run goes on; the journal's last file was written anew", once="deleted"
            )
        return True

    def _lose(self, count: int, error: Exception) -> None:
        self._notifier.error(f"the journal takes no more records, what is logged now is lost: {error}", once="lost")
        self.disk_error = str(error)
        self.lost += count

    def describe_losses(self) -> str:
        """Return what was written to files that someone has damaged, cut, moved or deleted since, for the user."""
        if self._journal is None:
            return ""
        found = losses.find(self._journal.files_written(), Offsets(self.run_dir))
        text = "".join(f"; {loss}" for loss in found[:LOSSES_SHOWN])
        if len(found) > LOSSES_SHOWN:
            text += f"; and {sum(loss.lost for loss in found[LOSSES_SHOWN:])} records of other files"
        if found and self._journal.moved_to is not None:
            text += f"; send what the renamed directory has with `wandb-compat sync {self._journal.moved_to}`"
        return text

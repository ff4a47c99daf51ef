"""The way of a record from the caller of `log()` to the disk: encoded on the caller's thread, written by another."""

from __future__ import annotations

import _thread
import os
import signal
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from time import monotonic
from time import time as wall_clock
from typing import Any

import orjson

from wandb_compat.config.credentials import Credential
from wandb_compat.config.limits import (
    DRAIN_GRACE,
    FLUSH_INTERVAL,
    QUEUE_LIMIT,
    STATUS_INTERVAL,
    UNWRITTEN_LIMIT,
    WRITE_BATCH,
)
from wandb_compat.config.settings import Settings
from wandb_compat.convert import arrays
from wandb_compat.convert.convert_row import convert_row
from wandb_compat.convert.deferred import DeferredRecords
from wandb_compat.convert.numbers import NUMBER_TYPES
from wandb_compat.pipeline import drain, threads
from wandb_compat.pipeline.encoder import Encoder
from wandb_compat.pipeline.worker_process import UploaderProcess
from wandb_compat.run import distributed
from wandb_compat.spool import records
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import Journal, JournalFull
from wandb_compat.spool.pending import pending_records
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig

_dumps = orjson.dumps
Notify = Callable[[str, str], None]


@dataclass(slots=True)
class Outcome:
    """How a run ended: whether the server has everything, how many rows it has not, and what to tell the user."""

    delivered: bool
    waiting: int
    sentence: str


class Pipeline:
    """One run's queue and writer in this process.

    `row` and `submit` never wait for the disk or the network, and never raise for trouble on the way to Pluto. In a
    forked child each record is written at once: children end without the courtesy of running a last flush.
    """

    def __init__(
        self,
        home: Path,
        settings: Settings,
        *,
        notify: Notify,
        head: Path | None = None,
        budget: float | None = None,
        patience: float = 0.0,
        cancellable: bool = True,
        upstream: Callable[[], object] | None = None,
    ) -> None:
        """Prepare the pipeline of a run folder.

        Args:
            home: the run folder.
            settings: bounds; see `wandb_compat.config.settings`.
            notify: takes (level, sentence) for the user; level is `info`, `warning` or `error`. Called from any thread.
            head: the first journal file; by default it lies in `home/journal` like the others.
            budget: seconds that `finish` may take; by default WANDB_COMPAT_FINISH_BUDGET.
            patience: seconds for which a trouble with the server may last before the user is told of it.
            cancellable: whether the script stops when somebody cancels the run on the server.
            upstream: called by the writer's thread before it writes, to bring what waits for that.
        """
        self.home = home
        self._settings = settings
        self._user = notify
        self._head = head
        self._budget = settings.finish_budget if budget is None else budget
        self._patience = patience
        self._cancellable = cancellable
        self._upstream = upstream
        self._run_id = ""
        self._queue: deque[bytes] = deque()
        self._known: set[str] = set()  # keys that may take the short way: printable, registered, metrics so far
        self._keys: set[tuple[str, str]] = set()  # (key, type) that have been told
        self._charts: dict[str, Any] = {}  # what the configuration says of custom charts, by key
        self._encoder = Encoder(self.submit, self._say)
        self._writing = threading.RLock()
        self._unwritten: list[bytes] = []
        self._lost = 0
        self._disk_trouble: str | None = None
        self._said: set[str] = set()
        self._stop = threading.Event()
        self._writer: threading.Thread | None = None
        self._journal: Journal | None = None
        self._uploader: UploaderProcess | None = None
        self._state: State | None = None
        self._state_due = 0.0
        self._in_child = False  # of a fork
        self._at_once = False  # whether each record is written by its caller
        self._rank: int | None = None  # of this process, when several log to one run of the server
        self._naming: distributed.Naming | None = None  # of a rank other than 0

    def start(self, start: records.Start, credential: Credential | None, online: bool) -> None:
        """Begin the run with its first record; with a credential and `online` start the uploader."""
        self._run_id = start.id
        self._journal = self._new_journal(self._head)
        self._take_rank(start.rank)
        if online and credential is not None:
            self._uploader = UploaderProcess(self.home, credential, WorkerConfig.of(self._settings))
            if start.rank is not None:
                self._guard(distributed.Ranks(start, self.home).enter)
            self._guard(self._uploader.announce)
        self.submit(start)
        self._write()
        if self._uploader is not None and self._uploader.ready:  # now: the script may be killed right after `init`
            self._guard(self._uploader.keep_running)
        self._writer = threads.start("writer", self._run, self._failed)
        if self._writer is None:
            self._at_once = True
            self._say("no thread", "warning", "the machine grants no thread: each row is written while `log` is called")
        _living.add(self)

    def join(self, run_id: str) -> None:
        """Write to a run that another process has begun and will end, each record at once, as in a forked child."""
        self._run_id = run_id
        self._in_child = self._at_once = True
        self._journal = self._new_journal()
        _living.add(self)

    def _take_rank(self, rank: int | None) -> None:
        self._rank = rank
        self._naming = distributed.Naming(rank) if rank else None

    def row(self, data: Mapping[str, Any], step: int, time: int, plain: bool = False) -> Mapping[str, Any]:
        """Take one history row.

        Args:
            data: values by key; nested dicts are flattened with `.`. Neither changed nor kept.
            step: from 0.
            time: milliseconds since the epoch.
            plain: whether all values are known to be of NUMBER_TYPES; by default that is looked up.

        Returns:
            The values as the summary shall take them; for a dict of plain numbers that very dict.

        Raises:
            TypeError: a key is not a string, or a value of a type that cannot be sent.
            OSError: the file of a medium is gone.
        """
        if self._naming is not None:
            named = self._naming.apart(data)
            summary = self._row(named, step, time)
            return data if summary is named else self._naming.back(summary)
        return self._row(data, step, time, plain)

    def _row(self, data: Mapping[str, Any], step: int, time: int, plain: bool = False) -> Mapping[str, Any]:
        try:
            if self._known.issuperset(data):
                short = plain or NUMBER_TYPES.issuperset(map(type, data.values()))
                numbers = data if short else arrays.numeric_row(data)
                # The sum is finite only if every number is: one pass in C instead of one check a value.
                if numbers is not None and isfinite(sum(numbers.values())):
                    queue = self._queue
                    queue.append(b"row " + _dumps({"time": time, "step": step, "data": numbers}))
                    if self._at_once or len(queue) > QUEUE_LIMIT:
                        self._write()
                    return numbers
        except (TypeError, OverflowError):  # an unhashable key, an integer over 64 bits, a step of another type
            pass
        return self._long_way(data, int(step), time)

    def _long_way(self, data: Mapping[str, Any], step: int, time: int) -> Mapping[str, Any]:
        row = convert_row(data, step, time, self.home)
        if row.numbers:
            for name in row.numbers:
                self._tell_key(name, "METRIC")
            self._known.update(row.numbers.keys() & row.summary.keys())
            self.submit(records.Row(time, step, row.numbers))
        for key, record in row.keyed_records:
            self._tell_key(key.name, key.type)
            if isinstance(record, DeferredRecords):
                self._encoder.take(record, now=self._at_once)
            else:
                self.submit(record)
        if row.charts:
            self._tell_charts(row.charts)
        for notice in row.notices:
            self._say("too long a table", "warning", notice)
        return row.summary

    def _tell_charts(self, charts: Mapping[str, Any]) -> None:
        """Describe new charts in the configuration, beside those before: a list there is replaced as a whole."""
        if any(self._charts.get(key) != chart for key, chart in charts.items()):
            self._charts.update(charts)
            self.submit(records.Config({"wandb": {"custom_charts": list(self._charts.values())}}))

    def _tell_key(self, name: str, kind: str) -> None:
        if (name, kind) not in self._keys:
            self._keys.add((name, kind))
            self.submit(records.Key(name, kind))

    def submit(self, record: records.Record) -> None:
        """Take any other record."""
        if self._rank is not None:
            record = distributed.told(record, self._rank, self._naming)
        self._put(records.encode(record))

    def _put(self, line: bytes) -> None:
        self._queue.append(line)
        if self._at_once or len(self._queue) > QUEUE_LIMIT:
            self._write()

    @property
    def online(self) -> bool:
        """Whether an uploader takes what is submitted."""
        return self._uploader is not None

    def status(self) -> State:
        """Return what the uploader has told so far."""
        self._look()
        return self._state or State()

    def hurry(self, seconds: float) -> None:
        """Let `finish` take no longer than this."""
        self._budget = min(self._budget, seconds)

    def finish(self, exit: records.Exit, *, bar: bool = False) -> Outcome:
        """Write the last record and wait for the uploader, for as long as the budget allows.

        Args:
            exit: how the run ends.
            bar: whether a terminal may get a progress bar.
        """
        began = monotonic()
        if unmade := self._encoder.finish(self._budget):
            self._say("unmade", "error", f"{unmade} values could not be encoded within {self._budget:g} s and are lost")
        before = self._lost
        self.submit(exit)
        self._stop.set()
        if self._writer is not None and self._writer is not threading.current_thread():
            self._writer.join(self._budget)
        self._write()
        with self._writing:
            self._lost += len(self._unwritten)
            if self._journal is not None:
                self._journal.close()
        _living.discard(self)
        if self._uploader is not None and not self._in_child:
            # An uploader that cannot read of the end waits for the end of this process.
            budget = self._budget if self._lost == before else min(self._budget, DRAIN_GRACE)
            # A library that is loaded now would make Python forget that Ctrl-C has ended the script.
            bar = bar and exit.state != "terminated"
            self._guard(
                partial(
                    drain.wait,
                    self._uploader,
                    self.status,
                    began=began,
                    budget=budget,
                    say=partial(self._notify, "info"),
                    bar=bar,
                )
            )
        return self._outcome()

    def _outcome(self) -> Outcome:
        self._state_due = 0
        state = self.status()
        lost = f"; {self._lost} records could not be written: {self._disk_trouble}" if self._lost else ""
        if self._journal is not None and (gone := self._journal.missing(Offsets(self.home).delivered)):
            lost += f"; {gone} records or less are lost: files of the journal were deleted before all of them was sent"
        if state.phase in ("done", "delivered"):
            refused = (
                f" but {state.refused} that it refused (see {self.home}/logs/uploader.log)" if state.refused else ""
            )
            return Outcome(not lost, 0, f"Pluto has every row of the run{refused}{lost}")
        rows, what = pending_records(self.home)
        reason = f": {state.trouble}" if state.trouble else ""
        how = f"send them with `wandb-compat sync {self.home}`"
        if self._uploader is not None and state.phase != "left":
            how = f"they are being sent in the background; should that end early, {how}"
        return Outcome(False, rows, f"{what} are not on the Pluto server yet{reason}; {how}{lost}")

    # The writer

    def _run(self) -> None:
        if self._uploader is not None:
            self._guard(self._uploader.keep_running)
        while not self._stop.wait(FLUSH_INTERVAL):
            if self._upstream is not None:
                self._guard(self._upstream)
            self._guard(self._write)
            self._guard(self._look)

    def _write(self) -> None:
        """Bring to disk what waits; whoever calls does the work."""
        with self._writing:
            # All that is there now, and no more: other threads may bring the next as fast as this one writes.
            for _ in range(2 + len(self._queue) // WRITE_BATCH):
                lines, self._unwritten = self._unwritten, []  # a signal handler that logs here must not find them
                while self._queue and len(lines) < WRITE_BATCH:
                    lines.append(self._queue.popleft())
                if not lines or self._journal is None or not self._written(self._journal, lines):
                    self._unwritten = lines + self._unwritten
                    return

    def _written(self, journal: Journal, lines: list[bytes]) -> bool:
        """Append records to the journal; return whether they are done with, on disk or lost."""
        try:
            journal.append(lines)
        except JournalFull as error:
            self._lose(lines, error)
        except Exception as error:  # the disk; and nothing else may fill the memory either
            self._say("disk", "warning", f"the journal cannot be written: {error}; rows are kept in memory meanwhile")
            self._disk_trouble = str(error)
            while self._queue:
                lines.append(self._queue.popleft())
            if sum(map(len, lines)) <= UNWRITTEN_LIMIT:
                return False
            self._lose(lines, error)
        if journal.restored:
            self._say(
                "deleted",
                "warning",
                f"{self.home} was deleted while the run goes on; the journal's last file was written anew",
            )
        return True

    def _lose(self, lines: list[bytes], error: Exception) -> None:
        self._say("lost", "error", f"the journal takes no more records, what is logged now is lost: {error}")
        self._disk_trouble = str(error)
        self._lost += len(lines)

    def _look(self) -> None:
        """Take in what the uploader tells, at most every STATUS_INTERVAL."""
        uploader = self._uploader
        if uploader is None or self._in_child or monotonic() < self._state_due:
            return
        self._state_due = monotonic() + STATUS_INTERVAL
        self._guard(uploader.keep_running)
        before, state = self._state, uploader.state()
        if state is None:
            return
        self._state = state
        if state.url and not (before and before.url):
            self._notify("info", f"Pluto run {state.display_id}: {state.url}")
        if state.recovery:
            self._say("recovery", "info", state.recovery)
        if state.trouble and not self._stop.is_set() and wall_clock() - (state.since or 0.0) >= self._patience:
            self._say(state.trouble, "warning", state.trouble)
        if state.cancelled and self._cancellable and "cancelled" not in self._said:
            self._say("cancelled", "error", "the run was cancelled on the Pluto server; the script is stopped")
            _interrupt()

    def _notify(self, level: str, sentence: str) -> None:
        """Tell the user; a stream that is closed must not stop the writer."""
        try:
            self._user(level, sentence)
        except Exception:
            pass

    def _say(self, kind: str, level: str, sentence: str) -> None:
        if kind not in self._said:
            self._said.add(kind)
            self._notify(level, sentence)

    def _guard(self, act: Callable[[], object]) -> None:
        """Do what must not hurt the training whatever happens."""
        try:
            act()
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._say(type(error).__name__, "warning", f"Pluto logging: {type(error).__name__}: {error}")

    def _new_journal(self, head: Path | None = None) -> Journal:
        return Journal(
            self.home,
            self._run_id,
            role="rows",
            segment_size=self._settings.segment_size,
            limit=self._settings.journal_limit,
            head=head,
        )

    def _after_fork(self) -> None:
        """Begin anew in a child: what was queued is the parent's to write, and so is the parent's file."""
        self._writing = threading.RLock()
        self._queue = deque()
        self._encoder.after_fork()
        self._unwritten = []
        self._in_child = self._at_once = True
        self._journal = self._new_journal()


_living: weakref.WeakSet[Pipeline] = weakref.WeakSet()


def _after_fork_in_child(pipelines: Iterable[Pipeline] = _living) -> None:
    for pipeline in list(pipelines):
        pipeline._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _interrupt() -> None:
    """Stop the script as Ctrl-C would, also when its main thread sleeps in a system call."""
    if threading.main_thread().is_alive() and hasattr(signal, "pthread_kill"):
        # What a shell has put in the background is deaf to Ctrl-C.
        deaf = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM if deaf else signal.SIGINT)
    else:
        _thread.interrupt_main()

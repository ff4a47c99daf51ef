"""The way of a record from the caller of `log()` to the disk: encoded on the caller's thread, written by another."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from wandb_compat.config import network
from wandb_compat.config.credentials import Credential
from wandb_compat.config.limits import DRAIN_GRACE, FLUSH_INTERVAL, QUEUE_LIMIT
from wandb_compat.config.settings import Settings
from wandb_compat.convert import arrays
from wandb_compat.convert.convert_row import convert_row
from wandb_compat.convert.deferred import DeferredRecords
from wandb_compat.convert.numbers import NUMBER_TYPES
from wandb_compat.convert.row import without_reserved
from wandb_compat.pipeline import drain
from wandb_compat.pipeline.encoder import Encoder
from wandb_compat.pipeline.row_sample import RowSample
from wandb_compat.pipeline.worker_monitor import LinkTime, WorkerMonitor
from wandb_compat.pipeline.worker_process import UploaderProcess
from wandb_compat.pipeline.writer import JournalWriter
from wandb_compat.run import distributed
from wandb_compat.spool import records, threads
from wandb_compat.spool.bounded import bounded
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.notifier import Notifier
from wandb_compat.spool.pending import pending_records
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.wire.safe_orjson import orjson

_dumps = orjson.dumps
JOIN_TIMEOUT = 0.2  # seconds that a thread may need to end when it has done its work


@dataclass(slots=True)
class Outcome:
    """How a run ended: whether the server has everything, how many rows it lacks, and the message for the user."""

    delivered: bool
    waiting: int
    message: str


class Pipeline:
    """One run's way from this process to the disk.

    `row` and `submit` never wait for the disk or the network, and never raise for trouble on the way to Pluto.
    """

    def __init__(
        self,
        run_dir: Path,
        settings: Settings,
        *,
        notifier: Notifier,
        head: Path | None = None,
        budget: float | None = None,
        outage_grace: float = 0.0,
        cancellable: bool = True,
        before_write: Callable[[], object] | None = None,
        report_at_end: bool = False,
        link_shown: bool = False,
    ) -> None:
        """Prepare the pipeline of a run directory.

        Args:
            run_dir: the run directory.
            settings: limits; see `wandb_compat.config.settings`.
            notifier: shows messages to the user.
            head: the first journal file; by default it is in `run_dir/journal` like the others.
            budget: seconds that `finish` may take; by default WANDB_COMPAT_FINISH_BUDGET.
            outage_grace: seconds for which trouble with the server may last before the user is warned.
            cancellable: whether the script stops when the run is cancelled on the server.
            before_write: called by the writer's thread before it writes.
            report_at_end: whether the end of the run shows its link and the `history` of its metrics.
            link_shown: whether the caller shows the run's link as soon as the status has it.
        """
        self.run_dir, self.notifier = run_dir, notifier
        self.before_write = before_write
        self.ended = False  # whether the exit record is on disk, or lost for good
        self._settings = settings
        self._head = head
        self._budget = settings.finish_budget if budget is None else budget
        self._outage_grace = outage_grace
        self._cancellable = cancellable
        self._known: set[str] = set()  # keys that may take the short way: printable, registered, metrics so far
        self._keys: set[tuple[str, str]] = set()  # (key, type) that are registered
        self._charts: dict[str, Any] = {}  # custom charts by key, as the configuration describes them
        self._link: LinkTime = "never" if link_shown else "before the end" if report_at_end else "at once"
        self._writer = JournalWriter(run_dir, settings, notifier)
        self._writer.sample = RowSample() if report_at_end else None
        self._queue = self._writer.queue
        self._encoder = Encoder(self.submit, notifier)
        self._monitor: WorkerMonitor | None = None
        # Not an event, whose lock a signal handler would wait for if it comes while its thread sets the event.
        self._running = threading.Lock()  # held until the run ends
        self._running.acquire()
        self._exit: records.Exit | None = None  # how the run ends, once that is decided
        self._thread: threading.Thread | None = None
        self._thread_runs = False
        self._owner = True  # whether this process ends the run; a forked or attached one does not
        self._rank: int | None = None  # of this process, when several log to one run of the server
        self._prefix: distributed.RankPrefix | None = None  # of a rank other than 0

    def start(self, start: records.Start, credential: Credential | None, online: bool) -> None:
        """Begin the run with its first record.

        Args:
            start: the record.
            credential: the Pluto key, or None.
            online: whether an uploader starts in the background, if there is a credential.
        """
        self._writer.open(start.id, self._head)
        self._rank = start.rank
        self._prefix = distributed.RankPrefix(start.rank) if start.rank else None
        if online and credential is not None:
            if network.is_insecure():
                self.notifier.warning(network.INSECURE_WARNING, once="insecure")
            process = UploaderProcess(self.run_dir, credential, WorkerConfig.of(self._settings))
            self._monitor = WorkerMonitor(
                process,
                self.notifier,
                outage_grace=self._outage_grace,
                cancellable=self._cancellable,
                link=self._link,
            )
            if credential.at_hand and (trouble := credential.trouble()) is not None:
                self.notifier.warning(trouble, once=trouble)
            if start.rank is not None:
                self._guard(distributed.Ranks(start, self.run_dir).enter)
            self._guard(process.announce)
        self.submit(start)
        self.flush()
        if (
            self._monitor is not None and self._monitor.process.ready
        ):  # now: the script may be killed right after `init`
            self._guard(self._monitor.process.keep_running)
        self._thread_runs = True
        self._thread = threads.start("writer", self._run, self._failed)
        if self._thread is None:
            self._writer.write_at_once = True
            if not threads.python_is_ending():
                self.notifier.warning(
                    "the system refuses a new thread: each row is written while `log` is called", once="no thread"
                )
        _living.add(self)

    def join(self, run_id: str) -> None:
        """Write to a run that another process has begun and will end, each record at once, as in a forked child."""
        self._owner = False
        self._writer.write_at_once = True
        self._writer.open(run_id)
        _living.add(self)

    def row(self, data: Mapping[str, Any], step: int, time: int, plain: bool = False) -> Mapping[str, Any]:
        """Take one history row.

        Args:
            data: values by key; nested dicts are flattened with `.`, RESERVED keys are left out. Neither changed nor
                kept.
            step: from 0.
            time: milliseconds since the epoch.
            plain: whether all values are known to be of NUMBER_TYPES; by default that is looked up.

        Returns:
            The values as the summary takes them; for a dict of plain numbers that very dict.

        Raises:
            TypeError: a key is not a string, or a value has a type that cannot be sent.
            OSError: the file of a medium is gone.
        """
        if self._prefix is not None:
            data = without_reserved(data)
            named = self._prefix.add(data)
            summary = self._row(named, step, time)
            return data if summary is named else self._prefix.remove(summary)
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
                    if self._writer.write_at_once or len(queue) > QUEUE_LIMIT:
                        self._writer.write()
                    return numbers
        except (TypeError, OverflowError):  # an unhashable key, an integer over 64 bits, a step of another type
            pass
        return self._convert_row(without_reserved(data), int(step), time)

    def _convert_row(self, data: Mapping[str, Any], step: int, time: int) -> Mapping[str, Any]:
        try:
            row = convert_row(data, step, time, self.run_dir)
        except (RecursionError, ValueError):  # nested too deep, or an integer with thousands of digits
            row = convert_row(bounded(data), step, time, self.run_dir)
        if row.numbers:
            for name in row.numbers:
                self._register_key(name, "METRIC")
            self._known.update(row.numbers.keys() & row.summary.keys())
            self.submit(records.Row(time, step, row.numbers))
        for key, record in row.keyed_records:
            self._register_key(key.name, key.type)
            if isinstance(record, DeferredRecords):
                self._encoder.take(record, now=self._writer.write_at_once)
            else:
                self.submit(record)
        if row.charts:
            self._register_charts(row.charts)
        for notice in row.notices:
            self.notifier.warning(notice, once="too long a table")
        return row.summary

    def _register_charts(self, charts: Mapping[str, Any]) -> None:
        """Describe new charts in the configuration, with those before: the server replaces a list as a whole."""
        if any(self._charts.get(key) != chart for key, chart in charts.items()):
            self._charts.update(charts)
            self.submit(records.Config({"wandb": {"custom_charts": list(self._charts.values())}}))

    def _register_key(self, name: str, kind: str) -> None:
        if (name, kind) not in self._keys:
            self._keys.add((name, kind))
            self.submit(records.Key(name, kind))

    def submit(self, record: records.Record) -> None:
        """Take any other record."""
        if self._rank is not None:
            record = distributed.record_of_rank(record, self._rank, self._prefix)
        self._writer.put(records.encode(record))

    def flush(self) -> None:
        """Write to disk what is queued now, in the calling thread."""
        self._writer.write()

    @property
    def online(self) -> bool:
        """Whether an uploader sends what is submitted."""
        return self._monitor is not None

    def status(self, *, now: bool = False) -> State:
        """Return what the uploader has reported so far: as read a moment ago, unless `now`."""
        self._check(now=now)
        return (self._monitor.status if self._monitor is not None else None) or State()

    def history(self) -> dict[str, list[float]]:
        """Return a sample of each metric's values, in the order in which they were logged."""
        return self._writer.sample.series() if self._writer.sample is not None else {}

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
        lost_before = self._writer.lost
        self.end(exit)
        if self._monitor is not None and self._owner:
            process = self._monitor.process
            # An uploader that cannot read of the end waits for the end of this process.
            budget = self._budget if self._writer.lost == lost_before else min(self._budget, DRAIN_GRACE)
            # A library that is loaded now would make Python forget that Ctrl-C has ended the script.
            bar = bar and exit.state != "terminated"
            status, notifier = partial(self.status, now=True), self.notifier
            self._guard(lambda: drain.wait(process, status, began=began, budget=budget, notifier=notifier, bar=bar))
        return self._outcome()

    def end(self, exit: records.Exit) -> None:
        """Write everything to disk, the exit record last, and close the journal; does nothing the second time.

        An exception that interrupts it, as Ctrl-C does, is raised once the journal is complete. A signal handler may
        call it while it runs.
        """
        if self.ended:
            return
        interrupts: list[BaseException] = []
        for step in (self._finish_encoder, self._stop_thread, lambda: self._close_journal(exit)):
            try:
                step()
            except Exception as error:
                self._failed(error)
            except BaseException as error:
                interrupts.append(error)
        if not self.ended:  # the journal's turn was interrupted
            self._close_journal(exit)
        _living.discard(self)
        if interrupts:
            raise interrupts[0]

    def _finish_encoder(self) -> None:
        if unmade := self._encoder.finish(self._budget):
            self.notifier.error(
                f"{unmade} values could not be encoded within {self._budget:g} s and are lost", once="unmade"
            )

    def _stop_thread(self) -> None:
        with contextlib.suppress(RuntimeError):  # a second call
            self._running.release()
        if self._monitor is not None:
            self._monitor.ending = True
        if self._thread is not None and self._thread is not threading.current_thread():
            until = monotonic() + self._budget
            while self._thread_runs and monotonic() < until:  # `join` holds a lock for a moment, as above
                sleep(0.001)
            self._thread.join(JOIN_TIMEOUT)

    def _close_journal(self, exit: records.Exit) -> None:
        if not self.ended:
            self._exit = self._exit or exit  # a handler that comes now writes the same record, at worst twice
            self._writer.reclaim()
            self.submit(self._exit)
            self._writer.write()
            self._writer.close()
            self.ended = True

    def _outcome(self) -> Outcome:
        state = self.status(now=True)
        lost, error = self._writer.lost, self._writer.disk_error
        losses = f"; {lost} records could not be written: {error}" if lost else ""
        losses += self._writer.describe_losses()
        if state.phase in ("done", "delivered"):
            refused = ""
            if state.refused:
                reasons = Offsets(self.run_dir).refusal_reasons
                refused = f" but {state.refused} that it refused: {reasons} (see {self.run_dir}/logs/uploader.log)"
            what = "what could be read of the run" if losses else "every row of the run"
            return Outcome(not losses, 0, f"Pluto took {what}{refused}{losses}")
        rows, what = pending_records(self.run_dir)
        reason = f": {state.trouble}" if state.trouble else ""
        how = f"send them with `wandb-compat sync {self.run_dir}`"
        if self._monitor is not None and not state.permanent and self._monitor.process.at_work:
            how = f"they are being sent in the background; should that end early, {how}"
        return Outcome(False, rows, f"{what} are not on the Pluto server yet{reason}; {how}{losses}")

    # The writer's thread

    def _run(self) -> None:
        try:
            if self._monitor is not None:
                self._guard(self._monitor.process.keep_running)
            while not self._running.acquire(timeout=FLUSH_INTERVAL):
                if self.before_write is not None:
                    self._guard(self.before_write)
                self._guard(self._writer.write)
                self._check()
        finally:
            self._thread_runs = False

    def _check(self, *, now: bool = False) -> None:
        if (monitor := self._monitor) is not None and self._owner:
            self._guard(lambda: monitor.check(now=now))

    def _guard(self, act: Callable[[], object]) -> None:
        """Run a block whose errors must not reach the training script."""
        try:
            act()
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        kind = type(error).__name__
        self.notifier.warning(f"Pluto logging: {kind}: {error}", once=kind)

    def _after_fork(self) -> None:
        """Begin anew in a forked child, which writes each record at once to a separate file."""
        self._owner = self._thread_runs = False
        self._encoder.after_fork()
        self._writer.after_fork()


_living: weakref.WeakSet[Pipeline] = weakref.WeakSet()


def _after_fork_in_child(pipelines: Iterable[Pipeline] = _living) -> None:
    for pipeline in list(pipelines):
        pipeline._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

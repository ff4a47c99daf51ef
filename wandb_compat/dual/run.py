"""Sends to Pluto what one run of the real wandb logs."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any

from wandb_compat.config import credentials, network
from wandb_compat.config.limits import DISTRIBUTED_FINISH_BUDGET, DUAL_FINISH_BUDGET, OUTAGE_GRACE
from wandb_compat.config.settings import Settings
from wandb_compat.convert.json_values import summary_value
from wandb_compat.dual.files import LoggedFiles
from wandb_compat.dual.guard import Guard, notifier_of
from wandb_compat.dual.metric_definitions import definition_of
from wandb_compat.dual.start_record import public_config, start_of, tags_of
from wandb_compat.pipeline.pipeline import Outcome, Pipeline
from wandb_compat.run.alerts import Alerts
from wandb_compat.run.console import ConsoleCapture
from wandb_compat.run.history import History, drop_lower_steps
from wandb_compat.run.metric_definitions import MetricRules
from wandb_compat.run.server_fields import published_summary
from wandb_compat.run.shared_step import FILE as STEP_FILE
from wandb_compat.spool import records, threads
from wandb_compat.spool.layout import DUAL_DIR
from wandb_compat.wire.config_merge import dict_at, merge, null_removed

if TYPE_CHECKING:
    from wandb_compat.run.tensorboard.sync import TensorBoardSync

DISTRIBUTED = ("RANK", "LOCAL_RANK", "WORLD_SIZE")  # variables that a distributed job sets


class Mirror:
    """One run of the real wandb on its way to Pluto."""

    def __init__(self, run: Any, own: Settings, credential: credentials.Credential | None) -> None:
        """Begin the Pluto run; with a credential an uploader starts in the background.

        Args:
            run: the real run, as `wandb.init` has returned it.
            own: our settings.
            credential: the Pluto key, or None for a run that stays in the journal.
        """
        run_dir = self.run_dir_of(run)
        run_dir.mkdir(parents=True, exist_ok=True)
        # wandb counts the steps, offline its service alone knows of a branch; in shared mode its server does.
        branch = getattr(run._settings, "fork_from", None) or getattr(run._settings, "resume_from", None)
        first_step = 0 if run._settings._shared else run.step
        self._prepare(run, own, run_dir, credential, max(first_step, int(branch.value) + 1 if branch else 0))
        self._begun: float = run.start_time  # seconds since the epoch
        self.run = weakref.ref(run)
        self.history.publish_in_background()
        self.pipeline.start(start_of(run, own, self.notifier), credential, online=credential is not None)
        self.console.listen()
        living.add(self)

    @classmethod
    def join(cls, run: Any, own: Settings, run_dir: Path) -> Mirror:
        """Return the mirror of a run that another process has begun and will end.

        Args:
            run: the real run, attached to the other process's.
            own: our settings.
            run_dir: our run directory there.
        """
        mirror = cls.__new__(cls)
        # wandb's service counts the steps for all processes; the summary has the last one.
        mirror._prepare(run, own, run_dir, None, int(dict(run.summary).get("_step", -1)) + 1)
        mirror._finished = True
        mirror.defers_rows = False
        if (run_dir / STEP_FILE).exists():
            mirror.history.share(run_dir, joins=True)
        mirror.pipeline.join(run.id)
        return mirror

    @staticmethod
    def run_dir_of(run: Any) -> Path:
        """Return our run directory for a real run."""
        # A relative WANDB_DIR gives relative paths, and the uploader works in another directory.
        return Path(run._settings.sync_dir, DUAL_DIR).absolute()

    def _prepare(
        self, run: Any, own: Settings, run_dir: Path, credential: credentials.Credential | None, first_step: int
    ) -> None:
        self.run_dir = run_dir
        # Rows of numbers that wait: data, step, commit, time. Taken many at a time by the writer they cost
        # less than half of what they cost one by one between two calls of wandb.
        self.rows: deque[tuple[Mapping[str, Any], Any, bool | None, float]] = deque()
        self.order = threading.RLock()  # held while a row goes to wandb and then here
        self.defers_rows = True  # whether rows may wait; not where other processes count the steps too
        self._nested: set[str] = set()  # keys of the summary below which the script has set single values
        self._settings = run._settings
        self._pid = os.getpid()
        self._exit_hooks = getattr(sys.exit, "__self__", None)  # wandb's, which notice how the script ends
        # Not empty where TensorBoard is patched: then wandb ignores the steps that are passed to `log`.
        self._patched = sys.modules["wandb"].patched["tensorboard"]
        self._finished = False
        self._published: dict[str, Any] = {}  # the summary that was last sent
        self._alerts = Alerts()
        self._tensorboard: TensorBoardSync | None = None
        self.notifier = notifier_of(run._settings)
        if "finish_budget" in own.given:
            self._budget = own.finish_budget
        else:
            distributed = any(name in os.environ for name in DISTRIBUTED)
            self._budget = DISTRIBUTED_FINISH_BUDGET if distributed else DUAL_FINISH_BUDGET
        network.configure(run._settings)
        self.pipeline = Pipeline(
            run_dir,
            own,
            notifier=self.notifier,
            head=run_dir / f"run-{run.id.replace('/', '-')}.wandb",  # old releases take any id
            budget=self._budget,
            outage_grace=OUTAGE_GRACE,
            cancellable=False,
            before_write=self._before_write,
        )
        self.history = History(self._take_row, self._publish_summary, drop_lower_steps, first_step)
        self.files = LoggedFiles(run, run_dir, self.pipeline.submit, self.notifier)
        self.console = ConsoleCapture(
            self.pipeline.submit, secret=credential.reveal if credential is not None else lambda: None
        )

    def share(self) -> None:
        """Prepare for another process that may log to the run."""
        with Guard("each process of the run counts its steps separately", self._settings):
            if not self._finished and self.defers_rows:
                with self.history.lock:
                    self.defers_rows = False
                    self.take_rows()
                    self.history.share(self.run_dir)

    # What the patched methods report; the arguments are those of the real methods

    def log_row(
        self, data: Mapping[str, Any], step: Any = None, commit: bool | None = None, plain: bool = False
    ) -> None:
        """Take a row at the step at which wandb keeps it, or drop it as wandb does.

        Args:
            data: values by key.
            step: as passed to `log`.
            commit: as passed to `log`.
            plain: whether all values are known to be Python numbers.
        """
        if self.rows:
            self.take_rows()
        self.history.add(data, None if self._patched else step, commit, None, plain)

    def take_rows(self) -> None:
        """Take the rows that wait."""
        if rows := self.rows:
            add = self.history.add
            with self.history.lock:
                while rows:
                    try:
                        data, step, commit, moment = rows.popleft()
                    except IndexError:  # a signal handler has logged
                        return
                    add(data, None if self._patched else step, commit, moment, True)

    def _before_write(self) -> None:
        self.take_rows()
        self.history.publish_if_due()

    def _take_row(self, data: Mapping[str, Any], step: int, now: int, plain: bool) -> Mapping[str, Any]:
        try:
            return self.pipeline.row(data, step, now, plain)
        except Exception:
            return self._take_values(data, step, now)

    def _take_values(self, data: Mapping[str, Any], step: int, now: int) -> Mapping[str, Any]:
        """Take the values of a row that can be sent; warn of each that cannot."""
        values: dict[str, Any] = {}
        for key, value in data.items():
            try:
                values.update(self.pipeline.row({key: value}, step, now))
            except Exception as error:
                text = f"the value of {key!r} is not sent to Pluto: {type(error).__name__}: {error}"
                self.notifier.warning(text, once=text)
        return values

    def update_config(self, key: Any = None, val: Any = None, data: Mapping[str, Any] | None = None) -> None:
        """Take configuration values that are new or changed."""
        values = dict(data or {})
        path = (key,) if isinstance(key, str) else tuple(key or ())
        if path:
            for part in path[:0:-1]:
                val = {part: val}
            values[path[0]] = val
        if values := public_config(values):
            self.pipeline.submit(records.Config(values))

    def replace_config(self, run: Any) -> None:
        """Take the whole configuration, at the end of a run whose changes could not be followed."""
        self.pipeline.submit(records.Config(public_config(run._config)))

    def update_summary(self, summary_record: Any) -> None:
        """Take what the script sets or deletes in the summary."""
        with self.history.lock:
            self.take_rows()
            items = self.history.items
            self.history.columns.update(item.key[0] for item in summary_record.update)
            for item in summary_record.update:
                if len(item.key) > 1:
                    self._nested.add(item.key[0])
                inner = dict_at(items, item.key[:-1])
                if isinstance(getattr(type(item.value), "_log_type", None), str):  # media are logged under that key
                    key = ".".join(item.key)
                    value = self._take_values({key: item.value}, self.history.step, int(time() * 1000)).get(key)
                else:
                    value = summary_value(item.value)
                    if isinstance(value, float) and isnan(value):
                        value = None  # as wandb records what a script sets
                inner[item.key[-1]] = value
            for item in summary_record.remove:
                dict_at(items, item.key[:-1]).pop(item.key[-1], None)
            self.history.summary_changed()

    def define_metric(self, metric_record: Any) -> None:
        """Take a definition of a metric: wandb's record of it, or the `Metric` that `define_metric` has returned."""
        with self.history.lock:
            self.take_rows()
            if self.history.rules is None:
                self.history.rules = MetricRules()
            self.history.rules.define(definition_of(metric_record))
            self._send_wandb({"metrics": self.history.rules.definitions()})

    def alert(self, title: str, text: str, level: Any = None, wait_duration: Any = None) -> None:
        """Take an alert that wandb has accepted."""
        self._alerts.send(self.pipeline.submit, title, text, getattr(level, "value", level) or "INFO", wait_duration)

    def mark_preempting(self) -> None:
        """Note that the run is about to be preempted."""
        self._send_wandb({"state": "preempting"})

    def pin_config_keys(self, keys: Sequence[str] = ()) -> None:
        """Note which configuration keys are shown first."""
        self._send_wandb({"pinned_config_keys": list(keys)})

    def take_output(self, name: str, data: str) -> None:
        """Take text that the script has printed to `stdout` or `stderr`."""
        self.console.feed(name, data)

    def write_logs(self, text: str) -> None:
        """Take text that the script has written to the run's log."""
        self.console.feed("stdout", text if text.endswith("\n") else f"{text}\n")

    def follow_tensorboard(self, logdir: str, save: bool = True, root_logdir: str = "") -> None:
        """Follow a log directory of TensorBoard, as wandb's service does for itself."""
        if self._finished or os.getpid() != self._pid:
            return
        if self._tensorboard is None:
            from wandb_compat.run.tensorboard.sync import TensorBoardSync

            self._tensorboard = TensorBoardSync(self._begun, self.log_row, self.notifier)
        self._tensorboard.add(logdir, False, root_logdir)  # the service copies the files to the run's directory

    def update_property(self, run: Any, name: str) -> None:
        """Take a new name, new notes or new tags."""
        if name == "tags":
            self.pipeline.submit(records.Tags(tags_of(run, self.notifier)))
        else:
            self._send_wandb({name: getattr(run, name)})

    def _send_wandb(self, values: dict[str, Any]) -> None:
        self.pipeline.submit(records.Config({"wandb": values}))

    def _publish_summary(self) -> None:
        items = self.history.own_items()
        summary = published_summary(items)
        if items is self.history.items:  # a process that joined the run sends only what it changed itself
            before, self._published = self._published, summary
            summary = null_removed(before, summary)  # the server merges: without null a removed key stays
        if summary:
            self.pipeline.submit(records.Config({"wandb": {"summary": summary}}, sorted(self.history.columns)))

    # The end

    def finish(self, code: int, summary: Mapping[str, Any] | None = None) -> None:
        """End the Pluto run, within the budget.

        Args:
            code: the exit code.
            summary: the one with which wandb has ended the run, if known.
        """
        with self.history.lock:
            if self._finished or os.getpid() != self._pid:
                return
            self._finished = True
            with Guard("the last rows are not sent", self._settings):
                self.take_rows()
        living.discard(self)
        if summary is not None:
            # Of a dict that was set as a whole, wandb ends with those values only that were then set one by one.
            mine = {key: self.history.items[key] for key in self._nested & self.history.items.keys()}
            ours, theirs = self.history.items, dict(summary)
            self.history.columns.update(key for key, value in theirs.items() if ours.get(key) != value)
            self.history.items = _with_our_media(theirs, ours)
            merge(self.history.items, mine)
        ending = threads.start("end", lambda: self._end(code), lambda error: self._warn(f"Pluto: {error}"))
        if ending is None:
            self._end(code)
            return
        ending.join(self._budget + 1)
        if ending.is_alive():
            self._warn(f"what is not on the Pluto server yet can be sent with `wandb-compat sync {self.run_dir}`")

    def _end(self, code: int) -> None:
        with Guard("the end of the run", self._settings):
            if self._tensorboard is not None:
                self._tensorboard.finish()
            self._publish_summary()
            with Guard("the files of the run are not sent", self._settings):
                self.files.finish()
            self.console.stop()
            outcome = self.pipeline.finish(records.Exit(int(time() * 1000), records.state_of(code), code))
            self._report(outcome)

    def _report(self, outcome: Outcome) -> None:
        url = self.pipeline.status().url
        if not outcome.delivered and self.pipeline.online:
            self._warn(outcome.message)
        else:
            self.notifier.info(f"{outcome.message}: {url}" if url else outcome.message)

    def script_code(self) -> int:
        """Return the exit code of the script as wandb's own hooks have seen it."""
        code = getattr(self._exit_hooks, "exit_code", None)
        if isinstance(code, int):
            return code
        error = getattr(sys, "last_value", None)
        return 0 if error is None else records.INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1

    def _warn(self, text: str) -> None:
        self.notifier.warning(text, once=text)


def _with_our_media(summary: Any, ours: Any) -> Any:
    """Return wandb's summary with our form of media: wandb's names paths at which Pluto has no files."""
    if isinstance(summary, dict) and isinstance(ours, dict):
        if "_type" in summary and "_type" in ours:
            return ours
        return {key: _with_our_media(value, ours.get(key)) for key, value in summary.items()}
    if isinstance(summary, list) and isinstance(ours, list) and len(summary) == len(ours):
        return list(map(_with_our_media, summary, ours))
    return summary


living: weakref.WeakSet[Mirror] = weakref.WeakSet()  # runs of this process that have not ended


def _before_fork() -> None:
    for mirror in list(living):
        mirror.share()


def _after_fork_in_child() -> None:
    for mirror in list(living):
        mirror.history.after_fork()
        mirror.order = threading.RLock()
        mirror.rows.clear()  # they are the parent's
        with Guard("this process counts its steps separately"):
            mirror.history.share(mirror.run_dir, joins=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)

"""What one run of the real wandb has told, on its way to Pluto."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from wandb_compat.artifacts.versions import RUN_ID
from wandb_compat.config import credentials
from wandb_compat.config.limits import DISTRIBUTED_FINISH_BUDGET, DUAL_FINISH_BUDGET, OUTAGE_GRACE, SUMMARY_INTERVAL
from wandb_compat.config.settings import Settings
from wandb_compat.convert.json_values import json_value
from wandb_compat.convert.summary import update_summary
from wandb_compat.dual.files import Holdings
from wandb_compat.dual.guard import Guard, say
from wandb_compat.dual.metric_definitions import definition_of
from wandb_compat.dual.shared_step import FILE as STEP_FILE
from wandb_compat.dual.shared_step import SharedStep
from wandb_compat.pipeline import threads
from wandb_compat.pipeline.pipeline import Outcome, Pipeline
from wandb_compat.run import distributed, environment
from wandb_compat.run.alerts import Alerts
from wandb_compat.run.console import ConsoleCapture
from wandb_compat.run.metric_definitions import MetricRules
from wandb_compat.run.server_fields import cut_name, published_summary, server_tags
from wandb_compat.spool import records
from wandb_compat.spool.config_merge import dict_at, merge

if TYPE_CHECKING:
    from wandb_compat.run.tensorboard.sync import TensorBoardSync

FOLDER = "pluto"  # in the real run's folder: the mirror's own run folder; `cli/folders.py` finds it there
DISTRIBUTED = ("RANK", "LOCAL_RANK", "WORLD_SIZE")
WANDBS = ("_wandb",)  # configuration that wandb keeps for itself


class Mirror:
    """What one real run has told, on its way to Pluto."""

    def __init__(self, run: Any, own: Settings, credential: credentials.Credential | None) -> None:
        """Begin the mirrored run; with a credential an uploader sets out in the background.

        Args:
            run: the real run, as `wandb.init` has made it.
            own: our settings.
            credential: the Pluto key, or None for a run that stays in the journal.
        """
        home = self.home_of(run)
        home.mkdir(parents=True, exist_ok=True)
        self._prepare(run, own, home, credential)
        self._begun: float = run.start_time  # in seconds since the epoch
        # Of the next row without a step of its own, as wandb counts; offline its service alone knows of a branch.
        branch = getattr(run._settings, "fork_from", None) or getattr(run._settings, "resume_from", None)
        begun = 0 if run._settings._shared else run.step  # in shared mode its server counts, for all writers
        self.step: int = max(begun, int(branch.value) + 1 if branch else 0)
        self.pipeline.start(self._start_record(run, own), credential, online=credential is not None)
        self.console.listen()
        living.add(self)

    @classmethod
    def join(cls, run: Any, own: Settings, home: Path) -> Mirror:
        """Return the mirror of a run that another process has begun; that one ends it.

        Args:
            run: the real run, attached to the other process's.
            own: our settings.
            home: the mirror's run folder there.
        """
        mirror = cls.__new__(cls)
        mirror._prepare(run, own, home, None)
        mirror._finished = True
        mirror.puts_off = False
        # Steps are counted by wandb's service for all processes together; it tells the last.
        mirror.step = int(dict(run.summary).get("_step", -1)) + 1
        if (home / STEP_FILE).exists():
            mirror.lock = SharedStep(mirror, home, joins=True)
        mirror.pipeline.join(run.id)
        return mirror

    @staticmethod
    def home_of(run: Any) -> Path:
        """Return the mirror's run folder."""
        # Of a relative WANDB_DIR wandb makes relative paths, and the uploader works in another folder.
        return Path(run._settings.sync_dir, FOLDER).absolute()

    def _prepare(self, run: Any, own: Settings, home: Path, credential: credentials.Credential | None) -> None:
        self.home = home
        # Re-entrant: a signal handler may log while the thread that it interrupted does.
        self.lock: AbstractContextManager[Any] = threading.RLock()
        # Rows of numbers that wait to be taken: data, step, commit, time. Many at a time, by the writer's thread, cost
        # less than half of what they cost one by one, between two calls of wandb.
        self.rows: deque[tuple[Mapping[str, Any], Any, bool | None, float]] = deque()
        self.puts_off = True  # whether rows may wait; not where other processes count the steps too
        self.summary: dict[str, Any] = {}
        self._nested: set[str] = set()  # keys of the summary below which the script has set single values
        self.rules: MetricRules | None = None  # once a metric has been defined
        self._settings = run._settings
        self._pid = os.getpid()
        self._exit_hooks = getattr(sys.exit, "__self__", None)  # wandb's, which notice how the script ends
        self._patched = sys.modules["wandb"].patched["tensorboard"]  # empty unless wandb counts steps without Python
        self._finished = False
        self._last = -1  # step of the last row
        self._newest = 0  # its time, ms
        self._summary_due = (time() + SUMMARY_INTERVAL) * 1000  # ms
        self._alerts = Alerts()
        self._tensorboard: TensorBoardSync | None = None
        if "finish_budget" in own.model_fields_set:
            self._budget = own.finish_budget
        else:
            self._budget = (
                DISTRIBUTED_FINISH_BUDGET if any(name in os.environ for name in DISTRIBUTED) else DUAL_FINISH_BUDGET
            )
        self.pipeline = Pipeline(
            home,
            own,
            notify=self._say,
            head=home / f"run-{run.id.replace('/', '-')}.wandb",  # old releases take any id
            budget=self._budget,
            patience=OUTAGE_GRACE,
            cancellable=False,
            upstream=self.catch_up,
        )
        self.holdings = Holdings(run, home, self.pipeline.submit, self._say)
        self.console = ConsoleCapture(
            self.pipeline.submit, secret=credential.reveal if credential is not None else lambda: None
        )

    def share(self) -> None:
        """Prepare for another process that may log to the run."""
        with Guard("the processes of the run count its steps for themselves", self._settings):
            if not self._finished and not isinstance(self.lock, SharedStep):
                with self.lock:
                    self.puts_off = False
                    self.catch_up()
                    self.lock = SharedStep(self, self.home)

    def _start_record(self, run: Any, own: Settings) -> records.Start:
        settings = self._settings
        name = run.name or run.id
        short = cut_name(name, self._warn)
        about = {
            "name": name if short != name else None,
            "notes": settings.run_notes,
            "entity": settings.entity,
            "sweep": {"id": settings.sweep_id} if settings.sweep_id else None,
        }
        config = _public(run._config)
        if about := {key: value for key, value in about.items() if value}:
            config["wandb"] = {**(config["wandb"] if isinstance(config.get("wandb"), dict) else {}), **about}
        rank = distributed.own_rank() if own.pluto_run_id else None
        return records.Start(
            time=int(run.start_time * 1000),
            project=own.project(settings.project),
            id=run.id,
            name=short,
            target=own.pluto_run_id,
            entity=settings.entity,
            config=config,
            tags=self._tags(run),
            system_metrics=not environment.setting(settings, "disable_stats")
            and (rank is None or distributed.first_of_machine())
            and getattr(settings, "x_primary", True),
            rank=rank,
            metadata={**environment.gather(settings), RUN_ID: run.id},
            ends=getattr(settings, "x_update_finish_state", True),
            fork=(fork.run, int(fork.value)) if (fork := getattr(settings, "fork_from", None)) else None,
        )

    # What the taps tell; the arguments are those of the real methods

    def history(
        self, data: Mapping[str, Any], step: Any = None, commit: bool | None = None, plain: bool = False
    ) -> None:
        """Take a row at the step at which wandb keeps it; what wandb drops is dropped.

        `plain` says that all values are known to be numbers of Python's own.
        """
        with self.lock:
            self.catch_up()
            self._take(data, step, commit, time(), plain)

    def catch_up(self) -> None:
        """Take the rows that wait."""
        if rows := self.rows:
            with self.lock:
                while rows:
                    self._take(*rows.popleft(), plain=True)

    def _take(self, data: Mapping[str, Any], step: Any, commit: bool | None, moment: float, plain: bool) -> None:
        current = self.step
        if step is None or self._patched:
            at = current
            following = at + 1 if commit is None or commit else at
        else:
            if (at := int(step)) < current:
                return
            following = at + 1 if commit else at
        self.step = following
        if not data:
            return
        now = int(moment * 1000)
        # Rows of one step are one row to the reader, and the newest value of a key wins: no two get the same time.
        if at == self._last and now <= self._newest:
            now = self._newest + 1
        self._last, self._newest = at, now
        if self.rules is not None:
            data, plain = self.rules.complete(data), False
        try:
            values = self.pipeline.row(data, at, now, plain)
        except Exception:
            values = self._row(data, at, now)
        if values is data:
            self.summary.update(data)
        else:
            update_summary(data, values, self.summary)
        if self.rules is not None:
            self.rules.apply(values, self.summary)
        if now >= self._summary_due:
            self._publish_summary()

    def _row(self, data: Mapping[str, Any], step: int, now: int) -> Mapping[str, Any]:
        try:
            return self.pipeline.row(data, step, now)
        except Exception as error:
            if len(data) == 1:
                (key,) = data
                self._warn(f"the value of {key!r} is not sent to Pluto: {type(error).__name__}: {error}")
                return {}
        values: dict[str, Any] = {}
        for key, value in data.items():  # what can be sent is
            values.update(self._row({key: value}, step, now))
        return values

    def config(self, key: Any = None, val: Any = None, data: Mapping[str, Any] | None = None) -> None:
        """Take configuration values that are new or changed."""
        values = dict(data or {})
        path = (key,) if isinstance(key, str) else tuple(key or ())
        if path:
            for part in path[:0:-1]:
                val = {part: val}
            values[path[0]] = val
        if values := _public(values):
            self.pipeline.submit(records.Config(values))

    def whole_config(self, run: Any) -> None:
        """Take the configuration as it is at the end of a run whose changes could not be followed."""
        self.pipeline.submit(records.Config(_public(run._config)))

    def summary_changed(self, summary_record: Any) -> None:
        """Take what the script sets or deletes in the summary."""
        with self.lock:
            self.catch_up()
            for item in summary_record.update:
                if len(item.key) > 1:
                    self._nested.add(item.key[0])
                inner = dict_at(self.summary, item.key[:-1])
                if isinstance(getattr(type(item.value), "_log_type", None), str):  # media are logged under that key
                    key = ".".join(item.key)
                    value = self._row({key: item.value}, self.step, int(time() * 1000)).get(key)
                else:
                    value = json_value(item.value)
                inner[item.key[-1]] = value
            for item in summary_record.remove:
                dict_at(self.summary, item.key[:-1]).pop(item.key[-1], None)
            if time() * 1000 >= self._summary_due:
                self._publish_summary()

    def metric(self, metric_record: Any) -> None:
        """Take a definition of a metric: wandb's record of it, or the `Metric` that `define_metric` has returned."""
        with self.lock:
            self.catch_up()
            if self.rules is None:
                self.rules = MetricRules()
            self.rules.define(definition_of(metric_record))
            self._wandb({"metrics": self.rules.told()})

    def alert(self, title: str, text: str, level: Any = None, wait_duration: Any = None) -> None:
        """Take an alert that wandb has taken."""
        self._alerts.tell(self.pipeline.submit, title, text, getattr(level, "value", level) or "INFO", wait_duration)

    def preempting(self) -> None:
        """Take that the run is about to be preempted."""
        self._wandb({"state": "preempting"})

    def pinned(self, keys: Sequence[str] = ()) -> None:
        """Take which configuration keys are to be shown first."""
        self._wandb({"pinned_config_keys": list(keys)})

    def printed(self, name: str, data: str) -> None:
        """Take what the script has printed."""
        self.console.feed(name, data)

    def written(self, text: str) -> None:
        """Take what the script has written to the log of the run."""
        self.console.feed("stdout", text if text.endswith("\n") else f"{text}\n")

    def tensorboard(self, logdir: str, save: bool = True, root_logdir: str = "") -> None:
        """Take a log folder, whose files wandb's service reads for itself."""
        if self._finished or os.getpid() != self._pid:
            return
        if self._tensorboard is None:
            from wandb_compat.run.tensorboard.sync import TensorBoardSync

            self._tensorboard = TensorBoardSync(self._begun, self.history, self._warn, texts=False)
        self._tensorboard.add(logdir, False, root_logdir)  # the service keeps the files too, in the run's folder

    def about(self, run: Any, name: str) -> None:
        """Take a new name, new notes or new tags."""
        if name == "tags":
            self.pipeline.submit(records.Tags(self._tags(run)))
        else:
            self._wandb({name: getattr(run, name)})

    def _wandb(self, values: dict[str, Any]) -> None:
        self.pipeline.submit(records.Config({"wandb": values}))

    def _tags(self, run: Any) -> list[str]:
        marks = SimpleNamespace(
            run_tags=run.tags, run_group=run.group, run_job_type=run.job_type, sweep_id=run.sweep_id
        )
        return server_tags(marks, self._warn)

    # The end

    def finish(self, code: int, summary: Mapping[str, Any] | None = None) -> None:
        """End the mirrored run, within the budget.

        Args:
            code: the exit code.
            summary: the one that wandb has ended with, if it tells.
        """
        with self.lock:
            if self._finished or os.getpid() != self._pid:
                return
            self._finished = True
            with Guard("the last rows are not sent", self._settings):
                self.catch_up()
        living.discard(self)
        if summary is not None:
            # Of a dict that was set as a whole, wandb ends with those values only that were then set one by one.
            mine = {key: self.summary[key] for key in self._nested & self.summary.keys()}
            self.summary = _own_words(dict(summary), self.summary)
            merge(self.summary, mine)
        bounded = threads.start("end", lambda: self._end(code), lambda error: self._warn(f"Pluto: {error}"))
        if bounded is None:
            self._end(code)
            return
        bounded.join(self._budget + 1)
        if bounded.is_alive():
            self._warn(f"what is not on the Pluto server yet can be sent with `wandb-compat sync {self.home}`")

    def _end(self, code: int) -> None:
        with Guard("the end of the run", self._settings):
            if self._tensorboard is not None:
                self._tensorboard.finish()
            self._publish_summary()
            with Guard("the files of the run are not sent", self._settings):
                self.holdings.finish()
            self.console.stop()
            outcome = self.pipeline.finish(records.Exit(int(time() * 1000), records.state_of(code), code))
            self._report(outcome)

    def _report(self, outcome: Outcome) -> None:
        url = self.pipeline.status().url
        if not outcome.delivered and self.pipeline.online:
            self._warn(outcome.sentence)
        else:
            self._say("info", f"{outcome.sentence}: {url}" if url else outcome.sentence)

    def script_code(self) -> int:
        """Return the exit code of the script as wandb's own hooks have seen it."""
        code = getattr(self._exit_hooks, "exit_code", None)
        if isinstance(code, int):
            return code
        error = getattr(sys, "last_value", None)
        return 0 if error is None else records.INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1

    def _publish_summary(self) -> None:
        self._summary_due = (time() + SUMMARY_INTERVAL) * 1000
        if self.summary:
            self._wandb({"summary": published_summary(self.summary)})

    def _say(self, level: str, sentence: str) -> None:
        say(level, sentence, self._settings)

    def _warn(self, sentence: str) -> None:
        say("warning", sentence, self._settings, once=True)


def _own_words(told: Any, mine: Any) -> Any:
    """Return what wandb tells in a summary; of media what we do, for theirs names places where Pluto has no files."""
    if isinstance(told, dict) and isinstance(mine, dict):
        if "_type" in told and "_type" in mine:
            return mine
        return {key: _own_words(value, mine.get(key)) for key, value in told.items()}
    if isinstance(told, list) and isinstance(mine, list) and len(told) == len(mine):
        return list(map(_own_words, told, mine))
    return told


def _public(config: Any) -> dict[str, Any]:
    return {str(key): json_value(value) for key, value in dict(config.items()).items() if key not in WANDBS}


living: weakref.WeakSet[Mirror] = weakref.WeakSet()  # runs of this process that are not over


def _before_fork() -> None:
    for mirror in list(living):
        mirror.share()


def _after_fork_in_child() -> None:
    for mirror in list(living):
        mirror.lock = threading.RLock()
        mirror.rows.clear()  # they are the parent's
        with Guard("the steps of this process are its own"):
            mirror.lock = SharedStep(mirror, mirror.home, joins=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)

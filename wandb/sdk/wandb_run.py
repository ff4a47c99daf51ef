"""A run: the object that `wandb.init` returns."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from time import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from wandb.errors import UsageError
from wandb.errors.term import is_shown, termerror, termlog, termwarn
from wandb.sdk import wandb_watch
from wandb.sdk.lib import active_runs, foreign_run, metric_rules, run_folder
from wandb.sdk.lib.exit_watch import code_of
from wandb.sdk.lib.history import SUMMARY_INTERVAL, History
from wandb.sdk.lib.run_files import RunFiles
from wandb.sdk.lib.run_files import restore as restore
from wandb.sdk.wandb_alerts import AlertLevel
from wandb.sdk.wandb_config import Config, ConfigStatic
from wandb.sdk.wandb_metric import Metric
from wandb.sdk.wandb_settings import Settings
from wandb.sdk.wandb_summary import Summary
from wandb_compat import records
from wandb_compat.alerts import Alerts
from wandb_compat.convert import brief, rich
from wandb_compat.server_text import published_summary, server_tags

if TYPE_CHECKING:
    import torch

    from wandb.integration.tensorboard.sync import TensorBoardSync
    from wandb.integration.torch.wandb_torch import TorchGraph, TorchHistory
    from wandb_compat.console import ConsoleCapture
    from wandb_compat.earlier import Earlier
    from wandb_compat.pipeline import Pipeline

warn_once = partial(termwarn, repeat=False)
_SAY = {"info": termlog, "warning": termwarn, "error": termerror}


def say(level: str, sentence: str) -> None:
    """Print what the engine has to tell; `level` is `info`, `warning` or `error`."""
    _SAY[level](sentence)


@dataclass
class RunStatus:
    """How much of a run is still on its way; wandb's fields."""

    sync_items_total: int = 0
    sync_items_pending: int = 0
    sync_time: datetime | None = None


class Run(RunFiles):
    """A unit of computation that logs to Pluto; `wandb.init` makes it.

    Use it as a context manager: it finishes at the end of the block, as failed when an exception leaves the block.

    Example:
        >>> with wandb.init(project="demo", config={"lr": 0.1}) as run:
        ...     for step in range(10):
        ...         run.log({"loss": 1 / (step + 1)})
    """

    summary: Any

    def __init__(
        self,
        settings: Settings,
        config: Mapping[str, Any] | None = None,
        sweep_config: Mapping[str, Any] | None = None,
        launch_config: Mapping[str, Any] | None = None,
        *,
        pipeline: Pipeline | None = None,
        first_step: int = 0,
    ) -> None:
        """Make a run that has not begun; `wandb.init` is the way for everybody else.

        Args:
            settings: complete settings; `run_id` and `x_start_time` must be set.
            config: the first configuration.
            sweep_config: values that a sweep has fixed.
            launch_config: values that a launch has fixed.
            pipeline: what takes the run's records; None for a run that logs nowhere.
            first_step: the step of the first row.
        """
        self._settings = settings
        self._pipeline = pipeline
        self._init_pid = os.getpid()
        self._attach_id = f"{settings.run_id}-{secrets.token_hex(4)}"
        self._is_finished = False
        self._console: ConsoleCapture | None = None
        self._artifacts = None
        self._saved = None
        self._tensorboard: TensorBoardSync | None = None
        self._url: str | None = None
        self._found: dict[str, Any] = {}  # the summary, as a forked or attached process has found it
        self._alerts = Alerts()
        self._starting_step = first_step
        self._config = Config()
        self._config.update(config or {}, allow_val_change=True)
        for locked, user in ((sweep_config, "sweep"), (launch_config, "launch")):
            self._config.update_locked(locked or {}, user=user, _allow_val_change=True)
        row = pipeline.row if pipeline is not None else _nowhere
        self._history = History(row, self._publish_summary, first_step)
        self._summary_due = time()
        self.summary = Summary(self._summary_changed, self._history.clock, self._history.items, self._summary_value)
        self._frozen = True

    # Logging

    def log(
        self,
        data: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
        sync: bool | None = None,
    ) -> None:
        """Log one row of values; returns at once.

        In Pluto: numbers are metrics at the step; other values see above.

        Args:
            data: values by key; nested dicts are flattened with `.`. Neither changed nor kept.
            step: where the row belongs. By default the current step, which then advances. A higher step becomes the
                current one. A row at the current step is merged with what is there. A row at a lower step is kept
                there, and this is said once.
            commit: False keeps the current step open for the next call, True closes it. By default a call without
                `step` closes it and a call with `step` does not.
            sync: without effect since wandb 0.10, accepted.

        Raises:
            TypeError: `data` is no mapping, a key is no string, `step` no integer, or a value of a type that cannot be
                sent; nothing of the row is logged.
            OSError: the file of a medium is gone; nothing of the row is logged.
            wandb.UsageError: the run is finished.

        Example:
            >>> run.log({"loss": 0.3, "acc": {"top1": 0.9}}, step=10)
        """
        if self._is_finished:
            self._refuse_when_finished("log")
        self._history.add(data, step, commit)

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """End the run and wait for the last rows to arrive, WANDB_COMPAT_FINISH_BUDGET seconds at most.

        In Pluto: the run's state: completed, failed or terminated.

        Args:
            exit_code: 0 for success, 255 for an interruption, anything else for a failure; by default that of the
                script so far.
            quiet: True prints nothing but warnings and errors.
        """
        if self._tensorboard is not None:
            self._tensorboard.finish()
        with self._history.lock:
            if self._is_finished:
                return
            self._is_finished = True
        active_runs.remove(self)
        if self._init_pid == os.getpid():
            self._finish(active_runs.watch.code if exit_code is None else int(exit_code), bool(quiet))
        import wandb

        if wandb.run is self:
            from wandb.sdk.lib import module_globals

            module_globals.unset_globals()

    def _hurry(self, seconds: float) -> None:
        """Let `finish` take no longer than this."""
        if self._pipeline is not None:
            self._pipeline.hurry(seconds)

    def _finish(self, code: int, quiet: bool) -> None:
        if self._console is not None:
            self._console.stop()
        if (pipeline := self._pipeline) is None:
            return
        self._publish_summary()
        self._write_files()
        self._files().finish()
        if self._settings.sweep_id:
            from wandb.sdk.sweeps.desk import report

            report(self._settings.sweep_id, self.id, self.summary)
        exit = records.Exit(int(time() * 1000), records.state_of(code), code)
        outcome = pipeline.finish(exit, bar=not quiet and is_shown("info"))
        foreign_run.withdraw(self)
        self._url = pipeline.status().url or self._url
        if code == 0 and self._settings.resume == "auto":
            Path(self._settings.resume_fname).unlink(missing_ok=True)
        if not outcome.delivered and not self.offline:
            termwarn(outcome.sentence)
        elif not quiet:
            termlog(outcome.sentence)
        if self._url and not quiet:
            termlog(f"View run {self.name} at: {self._url}")

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self.finish(code_of(exc_val))

    def _refuse_when_finished(self, what: str) -> None:
        raise UsageError(
            f"Run ({self.id}) is finished. The call to `{what}` will be ignored."
            " Please make sure that you are using an active run."
        )

    # What the run is

    @property
    def id(self) -> str:
        """The run's id."""
        return self._settings.run_id or ""

    @property
    def name(self) -> str | None:
        """The run's name; can be set."""
        return self._settings.run_name

    @name.setter
    def name(self, name: str) -> None:
        self._settings.run_name = str(name)
        self._send_wandb({"name": self._settings.run_name})

    @property
    def notes(self) -> str | None:
        """Notes on the run; can be set."""
        return self._settings.run_notes

    @notes.setter
    def notes(self, notes: str) -> None:
        self._settings.run_notes = str(notes)
        self._send_wandb({"notes": self._settings.run_notes})

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's tags; can be set to a sequence of texts, or to one text for one tag."""
        return self._settings.run_tags or ()

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        self._settings.run_tags = tags  # type: ignore[assignment] # the settings make a tuple of it
        self._submit(records.Tags(server_tags(self._settings, warn_once)), "tags")

    @property
    def group(self) -> str:
        """The group that the run belongs to, or an empty text."""
        return self._settings.run_group or ""

    @property
    def job_type(self) -> str:
        """The kind of job, or an empty text."""
        return self._settings.run_job_type or ""

    @property
    def project(self) -> str:
        """The Pluto project."""
        return self._settings.project or ""

    @property
    def entity(self) -> str:
        """The wandb entity that the script names, or an empty text; Pluto's organisation follows from the key."""
        return self._settings.entity or ""

    @property
    def path(self) -> str:
        """Entity, project and id, joined by slashes."""
        return "/".join(part for part in (self.entity, self.project, self.id) if part)

    @property
    def url(self) -> str | None:
        """The run's page, or None while the server has not answered or when it is not asked."""
        if self._url is None and self._pipeline is not None and not self._is_finished:
            self._url = self._pipeline.status().url
        return self._url

    @property
    def project_url(self) -> str | None:
        """The project's page, or None."""
        return self.url.rpartition("/")[0] if self.url else None

    @property
    def sweep_id(self) -> str | None:
        """The sweep that the run belongs to."""
        return self._settings.sweep_id

    @property
    def sweep_url(self) -> str | None:
        """None: Pluto has no page for a sweep."""
        return None

    @property
    def dir(self) -> str:
        """The folder for files of the run; it exists and can be written, unless the run is disabled."""
        return self._settings.files_dir

    @property
    def sync_dir(self) -> str:
        """The run's folder, the one that `wandb sync` takes."""
        return self._settings.sync_dir

    @property
    def step(self) -> int:
        """The step of the next row that is logged without one."""
        return self._history.step

    @property
    def starting_step(self) -> int:
        """The step of the run's first row: not 0 after a resume or a fork."""
        return self._starting_step

    @property
    def start_time(self) -> float:
        """When the run began, in seconds since the epoch."""
        return self._history.start

    @property
    def config(self) -> Config:
        """The run's configuration."""
        return self._config

    @property
    def config_static(self) -> ConfigStatic:
        """A copy of the configuration that cannot be changed."""
        return ConfigStatic(self._config)

    @property
    def settings(self) -> Settings:
        """The run's settings."""
        return self._settings

    @property
    def resumed(self) -> bool:
        """Whether the run goes on with an earlier one, as far as known."""
        if self._pipeline is not None and not self._is_finished:
            self._settings.resumed |= bool(self._pipeline.status().resumed)
        return self._settings.resumed

    @property
    def offline(self) -> bool:
        """Whether the run stays in the journal until `wandb sync`."""
        return self._settings._offline

    @property
    def disabled(self) -> bool:
        """Whether the run logs nowhere."""
        return self._settings._noop

    @property
    def mode(self) -> str:
        """`run`, `dryrun` or `disabled`, as wandb before 0.20 called the modes."""
        return "disabled" if self.disabled else "dryrun" if self.offline else "run"

    # Names that wandb 0.31 has lost and scripts still call

    def get_url(self) -> str | None:
        """Return `url`."""
        return self.url

    def get_project_url(self) -> str | None:
        """Return `project_url`."""
        return self.project_url

    def get_sweep_url(self) -> str | None:
        """Return `sweep_url`."""
        return self.sweep_url

    def project_name(self) -> str:
        """Return `project`."""
        return self.project

    def join(self, exit_code: int | None = None) -> None:
        """Finish the run."""
        self.finish(exit_code)

    def _label(self, *args: Any, **kwargs: Any) -> None:
        """Accept what libraries tell wandb about themselves; it means nothing to Pluto."""

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return a link to the run's page."""
        return f'<a href="{self.url}">{self.name}</a>' if self.url else str(self.name)

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Return False: outside of notebooks there is nothing to show."""
        return False

    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        overwrite: bool | None = None,
        goal: str | None = None,
    ) -> Metric:
        """Say how a metric is plotted and summarised, from the next row on.

        In Pluto: rows get the step metric that they lack, the summary its form; kept in `config["wandb"]["metrics"]`.

        Args:
            name: the metric; with `*` at its end all metrics whose names begin so.
            step_metric: the metric that is its x axis.
            step_sync: add the last value of the step metric to rows without it; True with a `step_metric`.
            hidden: make no chart of it by itself.
            summary: one or several of min, max, mean, first, last, best, copy, none, separated by commas. `copy`, the
                default, is the last value itself; the others make a dict such as `{"min": 0.1}`; none shows nothing.
            overwrite: forget what was defined for that name before.
            goal: `minimize` (the default) or `maximize`, for `best`; wandb up to 0.23 had both.

        Raises:
            wandb.Error: an argument has the wrong type or a value that does not exist.
        """
        if self._is_finished:
            self._refuse_when_finished("define_metric")
        metric = metric_rules.metric_of(name, step_metric, step_sync, hidden, summary, overwrite, goal)
        with self._history.lock:
            if self._history.rules is None:
                self._history.rules = metric_rules.MetricRules()
            self._history.rules.define(metric)
            told = self._history.rules.told()
        self._send_wandb({"metrics": told})
        return metric

    def alert(
        self,
        title: str,
        text: str,
        level: str | AlertLevel | None = None,
        wait_duration: float | timedelta | None = None,
    ) -> None:
        """Send a message to people.

        In Pluto: an alert of the run.

        Args:
            title: what it is about.
            text: the message.
            level: `INFO` (the default), `WARN` or `ERROR`.
            wait_duration: seconds, or a timedelta, in which no other alert of that title is sent; a minute by default.

        Raises:
            ValueError: the level does not exist.
        """
        name = level.value if isinstance(level, AlertLevel) else level or "INFO"
        if name not in AlertLevel.__members__:
            raise ValueError("level must be one of 'INFO', 'WARN', or 'ERROR'")
        submit = partial(self._submit, what="alert")
        self._alerts.tell(submit, title, text, name, wait_duration)

    def mark_preempting(self) -> None:
        """Say that the run is about to be preempted.

        In Pluto: `config["wandb"]["state"]` becomes `preempting`, as Pluto's own states have nothing like it.
        """
        self._send_wandb({"state": "preempting"})

    def pin_config_keys(self, keys: Sequence[str] = ()) -> None:
        """Name the configuration values to be shown first.

        In Pluto: kept at `config["wandb"]["pinned_config_keys"]`.

        Args:
            keys: dots stand between the levels of nested values. A later call replaces them.
        """
        self._send_wandb({"pinned_config_keys": [str(key) for key in keys]})

    def write_logs(self, text: str) -> None:
        """Send text to the run's log view without printing it.

        In Pluto: a console line each.

        Args:
            text: one line or several.
        """
        if self._console is not None:
            self._console.feed("stdout", text if text.endswith("\n") else f"{text}\n")

    def status(self) -> RunStatus:
        """Return how many rows of the run there are, and how many of them are still on their way to Pluto."""
        if self._pipeline is None:
            return RunStatus()
        from wandb_compat.courier.acks import waiting_rows

        state = self._pipeline.status()
        pending = waiting_rows(self._pipeline.home)
        return RunStatus(sync_items_total=state.sent + pending, sync_items_pending=pending)

    @cached_property
    def _torch(self) -> TorchHistory:
        """The hooks of `watch`."""
        from wandb.integration.torch.wandb_torch import TorchHistory

        return TorchHistory(lambda values: self.log(values, commit=False), self._graph_done)

    def _graph_done(self, name: str, graph: TorchGraph) -> None:
        self.summary[name] = graph
        self._submit(records.Graph(graph.format, graph.pluto_nodes()), "watch")

    def watch(
        self,
        models: torch.nn.Module | Sequence[torch.nn.Module],
        criterion: Any = None,
        log: Literal["gradients", "parameters", "all"] | None = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,
        log_graph: bool = False,
    ) -> None:
        """Log histograms of a PyTorch model's gradients and parameters as it trains.

        In Pluto: histograms with 64 bins at `gradients/NAME` and `parameters/NAME`, and Pluto's model graph.

        Args:
            models: one or several; of the second and later ones of a process the names begin with `graph_N`.
            criterion: the loss function, kept with the graph.
            log: what to log; None for nothing.
            log_freq: how many passes lie between two histograms.
            idx: number of the first model, by default the number of models watched so far.
            log_graph: whether to log the layers that run in the first forward pass, in the summary at `graph_N` too.

        Raises:
            ValueError: `log` is something else, or the model is watched already.
            TypeError: something is no model.
            wandb.Error: there is no PyTorch.

        Example:
            >>> run.watch(model, log="all", log_freq=100)
        """
        wandb_watch._watch(self, models, criterion, log, log_freq, idx, log_graph)

    def unwatch(self, models: torch.nn.Module | Sequence[torch.nn.Module] | None = None) -> None:
        """Log no more of some models, or of all.

        Args:
            models: those to let go; by default all.
        """
        wandb_watch._unwatch(self, models)

    def _tensorboard_callback(self, logdir: str, save: bool = True, root_logdir: str = "") -> None:
        """Follow a log folder of TensorBoard; arguments as `wandb.tensorboard.patch`."""
        if self._pipeline is None or self._is_finished:
            return
        if self._tensorboard is None:
            from wandb.integration.tensorboard.sync import TensorBoardSync

            self._tensorboard = TensorBoardSync(self)
        self._tensorboard.add(logdir, save, root_logdir)

    # The run and its pipeline

    def _begin(self, console: ConsoleCapture | None = None) -> None:
        """Send changes of the configuration from now on, and listen to what the script prints."""
        free = self._settings._jupyter or self._settings.allow_val_change
        self._config._set_callback(self._config_changed, allow_val_change=free)
        if console is not None:
            self._console = console
            console.start()

    def _go_on(self, earlier: Earlier) -> None:
        """Go on with what an earlier run was; only before this one begins."""
        self._config._inherit(earlier.values)
        self._history.items.update(earlier.summary)
        self._history.start -= earlier.runtime
        if defined := earlier.about.get("metrics"):
            self._history.rules = metric_rules.MetricRules.of(defined, earlier.summary)

    def _submit(self, record: records.Record, what: str) -> None:
        if self._is_finished:
            self._refuse_when_finished(what)
        if self._pipeline is not None:
            self._pipeline.submit(record)

    def _send_wandb(self, values: dict[str, Any]) -> None:
        self._submit(records.Config({"wandb": values}), next(iter(values)))

    def _config_changed(self, values: dict[str, Any]) -> None:
        public = {key: value for key, value in values.items() if not key.startswith("_")}
        if public:
            self._submit(records.Config(public), "config")

    def _summary_changed(self) -> None:
        if self._is_finished:
            self._refuse_when_finished("summary")
        if time() >= self._summary_due:
            self._publish_summary()

    def _summary_value(self, key: str, value: Any) -> Any:
        """Return a value as the summary holds it; media and tables are logged under that key, as with wandb."""
        if self._pipeline is None or self._is_finished or not rich(value):
            return brief(value)
        return self._pipeline.row({key: value}, self._history.step, int(time() * 1000)).get(key)

    def _publish_summary(self) -> None:
        summary = self._published_summary()
        if self._init_pid != os.getpid():  # what others have logged is theirs to tell
            summary = {key: value for key, value in summary.items() if key[0] != "_" and self._found.get(key) != value}
        self._summary_due = time() + SUMMARY_INTERVAL / 1000
        if summary and self._pipeline is not None:
            self._pipeline.submit(records.Config({"wandb": {"summary": summary}}))

    def _published_summary(self) -> dict[str, Any]:
        with self._history.lock:  # other threads may be logging
            return published_summary(self.summary._as_dict() if isinstance(self.summary, Summary) else self.summary)

    def _write_files(self) -> None:
        """Leave the files that tools look for in `files/`."""
        folder = Path(self.dir)
        run_folder.write_json(folder / "wandb-summary.json", self._published_summary())
        run_folder.write_config(folder / "config.yaml", self._config.as_dict())

    def __setattr__(self, attr: str, value: object) -> None:
        if not hasattr(self, attr) and vars(self).get("_frozen"):
            raise AttributeError(f"Attribute {attr} is not supported on Run object.")
        super().__setattr__(attr, value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Run:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return foreign_run.unpickle, (self._attach_id,)


def _nowhere(data: Mapping[str, Any], step: int, time: int) -> Mapping[str, Any]:
    raise AssertionError("a run without a pipeline logs no rows")


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Finish the current run, if there is one; arguments as `Run.finish`."""
    import wandb

    if wandb.run is not None:
        wandb.run.finish(exit_code=exit_code, quiet=quiet)


def join(exit_code: int | None = None) -> None:
    """Finish the current run, as wandb called it before 0.10."""
    finish(exit_code)

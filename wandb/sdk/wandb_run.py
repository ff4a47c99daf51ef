"""A run: the object that `wandb.init` returns."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TextIO

from wandb._native.run import active_runs, attach, current, define_metric, run_dir
from wandb._native.run.code import PathFilter, RunCode, is_code, is_in_wandb_dir
from wandb._native.run.config_changes import ConfigChanges
from wandb._native.run.display import RunDisplay
from wandb._native.run.ending import RunEnding
from wandb._native.run.exit_code import code_of
from wandb._native.run.files import RunFiles, StrPath
from wandb._native.run.files import restore as restore
from wandb._native.run.properties import RunProperties
from wandb._native.run.properties import warn_once as warn_once
from wandb._native.run.reporting import RunReporting
from wandb._native.run.reporting import RunStatus as RunStatus
from wandb._native.run.run_settings import RunSettings
from wandb._native.run.summary import SummaryPublisher
from wandb._native.run.watch import RunWatch
from wandb.sdk import wandb_watch
from wandb.sdk.wandb_alerts import AlertLevel
from wandb.sdk.wandb_metric import Metric
from wandb.sdk.wandb_summary import Summary
from wandb_compat.run.history import History, KeepLowerSteps
from wandb_compat.spool import records

if TYPE_CHECKING:
    import torch

    from wandb._native.run.artifacts import RunArtifacts
    from wandb.sdk.artifacts.artifact import Artifact
    from wandb_compat.pipeline.pipeline import Pipeline
    from wandb_compat.run.console import ConsoleCapture
    from wandb_compat.run.previous_run import PreviousRun


class Run(RunProperties):
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
        settings: RunSettings,
        config: Mapping[str, Any] | None = None,
        sweep_config: Mapping[str, Any] | None = None,
        launch_config: Mapping[str, Any] | None = None,
        *,
        pipeline: Pipeline | None = None,
        first_step: int = 0,
    ) -> None:
        """Create a run that has not started. Use `wandb.init` instead.

        Args:
            settings: complete settings; `run_id` and `x_start_time` must be set.
            config: the initial configuration.
            sweep_config: values that a sweep has fixed.
            launch_config: values that a launch has fixed.
            pipeline: accepts the run's records; None for a run that logs nowhere.
            first_step: the step of the first row.
        """
        super().__init__(settings, pipeline, first_step)
        self._init_pid = os.getpid()
        self._attach_id = f"{settings.run_id}-{secrets.token_hex(4)}"
        self._console: ConsoleCapture | None = None
        self._config.update(config or {}, allow_val_change=True)
        for locked, user in ((sweep_config, "sweep"), (launch_config, "launch")):
            self._config.update_locked(locked or {}, user=user, _allow_val_change=True)
        self._files = RunFiles(self)
        self._code = RunCode(self)
        self._reporting = RunReporting(self)
        self._display = RunDisplay(self)
        self._watching = RunWatch(self)
        self._ending = RunEnding(self)
        self._summary_publisher = SummaryPublisher(self)
        self._config_changes = ConfigChanges()
        row = pipeline.row if pipeline is not None else _no_row
        self._history = History(row, self._summary_publisher.publish, KeepLowerSteps(self._notifier), first_step)
        self.summary = Summary(
            self._summary_publisher.changed,
            self._history.clock,
            self._history.items,
            self._summary_publisher.stored_value,
        )
        self._frozen = True

    @cached_property
    def _artifacts(self) -> RunArtifacts:
        from wandb._native.run.artifacts import RunArtifacts  # costs more to import than all else of a run

        return RunArtifacts(self)

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
                there, with a warning once.
            commit: False keeps the current step open for the next call, True closes it. By default a call without
                `step` closes it and a call with `step` does not.
            sync: without effect since wandb 0.10, accepted.

        Raises:
            TypeError: `data` is not a mapping, a key is not a string, `step` no integer, or a value of a type
                that cannot be
                sent; nothing of the row is logged.
            OSError: the file of a medium is gone; nothing of the row is logged.
            wandb.UsageError: the run is finished.

        Example:
            >>> run.log({"loss": 0.3, "acc": {"top1": 0.9}}, step=10)
        """
        if self._is_finished:
            self._check_active("log")
        self._history.add(data, step, commit)

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """End the run and wait for the last rows to arrive, WANDB_COMPAT_FINISH_BUDGET seconds at most.

        In Pluto: the run's state: completed, failed or terminated.

        Args:
            exit_code: 0 for success, 255 for an interruption, anything else for a failure; by default that of the
                script so far.
            quiet: True prints nothing but warnings and errors.
        """
        self._ending.finish(active_runs.watch.code if exit_code is None else int(exit_code), bool(quiet))

    def _hurry(self, seconds: float) -> None:
        """Let `finish` take no longer than this."""
        if self._pipeline is not None:
            self._pipeline.hurry(seconds)

    def join(self, exit_code: int | None = None) -> None:
        """Finish the run."""
        self.finish(exit_code)

    def _label(self, *args: Any, **kwargs: Any) -> None:
        """Accept what libraries report to wandb about themselves; it has no effect in Pluto."""

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self.finish(code_of(exc_val))

    # Files

    def save(
        self,
        glob_str: StrPath | bytes | None = None,
        base_path: StrPath | None = None,
        policy: Literal["live", "now", "end"] = "live",
        glob: bool = True,
    ) -> bool | list[str]:
        """Save files in the run's folder and upload them.

        In Pluto: files under `save/PATH`; see [artifacts](artifacts.md).

        Args:
            glob_str: path or pattern; what matches now is saved. Without it nothing is done, as before wandb 0.23.
            base_path: the part of the paths that is left out in the run's folder. By default the working folder, for an
                absolute path all but the last folder.
            policy: `now` sends a copy at once, `live` also when the file changes, `end` when the run finishes.
            glob: False takes `glob_str` literally.

        Returns:
            The paths in the run's folder; True without an argument.

        Raises:
            ValueError: the policy does not exist, or the path is not below `base_path`.
            wandb.UsageError: the run is finished.

        Example:
            >>> run.save("checkpoints/*.pt", policy="end")
        """
        return self._files.save(glob_str, base_path, policy, glob)

    def restore(
        self, name: str, run_path: str | None = None, replace: bool = False, root: str | None = None
    ) -> TextIO | None:
        """Download a saved file; see `wandb.restore`.

        In Pluto: read from `save/PATH` of the run.
        """
        return self._files.restore(name, run_path, replace, root)

    def log_code(
        self,
        root: str | None = ".",
        name: str | None = None,
        include_fn: PathFilter = is_code,
        exclude_fn: PathFilter = is_in_wandb_dir,
    ) -> Artifact | None:
        """Log the code below a folder as an artifact of type `code`.

        In Pluto: an artifact of type `code`.

        Args:
            root: the folder.
            name: of the artifact, by default `source-PROJECT-SCRIPT`.
            include_fn: takes a path, or path and root; whether the file belongs to the code.
            exclude_fn: the same; whether it does not after all.

        Returns:
            The artifact, or None when no file was found.
        """
        return self._code.log(root, name, include_fn, exclude_fn)

    # Artifacts and models

    def log_artifact(
        self,
        artifact_or_path: Artifact | StrPath,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        tags: list[str] | None = None,
    ) -> Artifact:
        """Log an artifact; returns at once, `wait()` of what is returned blocks until its version is known.

        In Pluto: files under `artifacts/NAME/PATH`, versions kept by wandb-compat; see [artifacts](artifacts.md).

        Args:
            artifact_or_path: an artifact, or a file, folder or reference to make one of.
            name: of an artifact that is made of a path; by default `run-ID-FILE`.
            type: the same; by default `unspecified`.
            aliases: by default `latest`, which the newest version has in any case.
            tags: of the version.

        Returns:
            The artifact.

        Raises:
            ValueError: an alias or tag cannot be used, or there is nothing at the path.
            TypeError: it is neither artifact nor path.
            wandb.UsageError: the run is finished.

        Example:
            >>> run.log_artifact("model.pt", name="weights", type="model", aliases=["best"])
        """
        return self._artifacts.log(artifact_or_path, name, type, aliases, tags)

    def upsert_artifact(
        self,
        artifact_or_path: Artifact | str,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Log a part of an artifact that several runs make; `finish_artifact` puts the parts together.

        In Pluto: files as those of any artifact; the part has no version.

        Args:
            artifact_or_path, name, type, aliases: as for `log_artifact`.
            distributed_id: what the parts have in common, by default the run's group.

        Raises:
            TypeError: there is neither a group nor `distributed_id`.
        """
        return self._artifacts.upsert(artifact_or_path, name, type, aliases, distributed_id)

    def finish_artifact(
        self,
        artifact_or_path: Artifact | str,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Log the last part of an artifact that several runs make, and so the artifact; see `upsert_artifact`.

        In Pluto: one version with the files of all parts.
        """
        return self._artifacts.finish(artifact_or_path, name, type, aliases, distributed_id)

    def use_artifact(
        self,
        artifact_or_name: str | Artifact,
        type: str | None = None,
        aliases: list[str] | None = None,
        use_as: str | None = None,
    ) -> Artifact:
        """Take an artifact as input of the run; asks the Pluto server.

        In Pluto: read through the query endpoints; noted in `config["wandb"]["used_artifacts"]`.

        Args:
            artifact_or_name: `name:alias`, with or without project and entity in front, or an artifact; one that is
                not logged yet is logged, and waited for.
            type: what it must be.
            aliases: of an artifact that is logged here.
            use_as: without effect, accepted.

        Returns:
            The artifact; its `download()` brings the files to disk.

        Raises:
            wandb.CommError: there is no such version, or the server cannot be reached.
            TypeError: the run is offline.
            ValueError: it is of another type.
        """
        return self._artifacts.use(artifact_or_name, type, aliases)

    def link_artifact(self, artifact: Artifact, target_path: str, aliases: list[str] | None = None) -> Artifact:
        """Give an artifact a second name, under which it has separate versions.

        In Pluto: a second name in the run's project, whichever registry or project the target names.

        Args:
            artifact: one that is not logged yet is logged.
            target_path: `collection`, `project/collection` or `entity/project/collection`. Pluto keeps artifacts with
                their runs, so the link is found under the collection's name in the run's project whatever the target.
            aliases: of the version under the new name, by default `latest`.

        Returns:
            The artifact under its new name; `wait()` for its version.
        """
        return self._artifacts.link(artifact, target_path, aliases)

    def log_model(self, path: StrPath, name: str | None = None, aliases: list[str] | None = None) -> None:
        """Log a file or folder as an artifact of type `model`; arguments as `log_artifact`.

        In Pluto: an artifact of type `model`.
        """
        self._artifacts.log(path, name, "model", aliases)

    def use_model(self, name: str) -> str:
        """Download a model that was logged.

        In Pluto: read through the query endpoints.

        Args:
            name: as for `use_artifact`.

        Returns:
            The path of the file, or of the folder when there are several.

        Raises:
            AssertionError: the artifact's type has no `model` in it.
            RuntimeError: the run is offline.
        """
        return self._artifacts.use_model(name)

    def link_model(
        self, path: StrPath, registered_model_name: str, name: str | None = None, aliases: list[str] | None = None
    ) -> Artifact | None:
        """Log a file or folder as a model and give it a second name; see `link_artifact`.

        In Pluto: an artifact of type `model` with a second name in the run's project.

        Args:
            path: file or folder.
            registered_model_name: the second name, without entity and project.
            name: of the artifact.
            aliases: of the version under the second name.

        Raises:
            AssertionError: `registered_model_name` has a slash.
        """
        return self._artifacts.link_model(path, registered_model_name, name, aliases)

    # Metrics, alerts, console

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
        """Define how a metric is plotted and summarised, from the next row on.

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
        return self._reporting.define_metric(name, step_metric, step_sync, hidden, summary, overwrite, goal)

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
            wait_duration: seconds, or a timedelta, in which no other alert of that title is sent; 0 and None are a
                minute.

        Raises:
            ValueError: the level does not exist.
            TypeError: `wait_duration` is not a span of time.
        """
        self._reporting.alert(title, text, level, wait_duration)

    def mark_preempting(self) -> None:
        """Mark the run as about to be preempted.

        In Pluto: `config["wandb"]["state"]` becomes `preempting`, as Pluto's own states have nothing like it.
        """
        self._send_wandb({"state": "preempting"}, "mark_preempting")

    def pin_config_keys(self, keys: Sequence[str] = ()) -> None:
        """Name the configuration values to be shown first.

        In Pluto: kept at `config["wandb"]["pinned_config_keys"]`.

        Args:
            keys: dots stand between the levels of nested values. A later call replaces them.
        """
        self._send_wandb({"pinned_config_keys": [str(key) for key in keys]}, "pin_config_keys")

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
        return self._reporting.status()

    # Models under watch

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
            TypeError: something is not a model.
            wandb.Error: there is no PyTorch.

        Example:
            >>> run.watch(model, log="all", log_freq=100)
        """
        wandb_watch._watch(self, models, criterion, log, log_freq, idx, log_graph)

    def unwatch(self, models: torch.nn.Module | Sequence[torch.nn.Module] | None = None) -> None:
        """Stop logging some models, or all.

        Args:
            models: those to stop logging; by default all.
        """
        wandb_watch._unwatch(self, models)

    # Display

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return HTML that shows the run.

        In Pluto: a static picture of the metrics, over which the run's live page appears where the notebook can reach
        this machine's server.

        Args:
            height: height of the frame in pixels.
            hidden: show a line first that opens the rest.
        """
        return self._display.to_html(height, hidden)

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Show the run in a notebook; return False where none exists.

        Args:
            height: height of the frame in pixels.
            hidden: show a line first that opens the rest.
        """
        return self._display.show(height, hidden)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self._display.bundle()

    def _repr_html_(self) -> str:
        return self.to_html(hidden=True)

    # The run and its pipeline

    def _begin(self, console: ConsoleCapture | None = None) -> None:
        """Send changes of the configuration from now on, and listen to what the script prints."""
        free = self._settings._jupyter or self._settings.allow_val_change
        self._config._set_callback(self._config_changed, allow_val_change=free)
        if console is not None:
            self._console = console
            console.start()

    def _go_on(self, previous: PreviousRun) -> None:
        """Continue a previous run; only before this one begins."""
        self._config._inherit(previous.values)
        self._history.items.update(previous.summary)
        self._summary_publisher.inherit(previous.summary)
        self._history.start -= previous.runtime
        if defined := previous.extra.get("metrics"):
            self._history.rules = define_metric.MetricRules.of(defined, previous.summary)

    def _config_changed(self, values: dict[str, Any]) -> None:
        public = {key: value for key, value in values.items() if key != "_wandb"}
        if public:
            self._submit(records.Config(self._config_changes.document(self._config._as_dict(), public)), "config")

    def _write_files(self) -> None:
        """Write the files that tools expect in `files/`."""
        folder = Path(self.dir)
        run_dir.write_json(folder / "wandb-summary.json", self._summary_publisher.as_json())
        run_dir.write_config(folder / "config.yaml", self._config.as_dict())

    def _tensorboard_callback(self, logdir: str, save: bool = True, root_logdir: str = "") -> None:
        """Follow a log directory of TensorBoard; arguments as `wandb.tensorboard.patch`."""
        self._watching.add_log_directory(logdir, save, root_logdir)

    def __setattr__(self, attr: str, value: object) -> None:
        if not hasattr(self, attr) and vars(self).get("_frozen"):
            raise AttributeError(f"Attribute {attr} is not supported on Run object.")
        super().__setattr__(attr, value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Run:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        if self._init_pid == os.getpid():
            active_runs.share_steps(self)
        return _unpickle, (self._attach_id,)


def attach_run(wanted: str) -> Run:
    """Return a run by attach id or run id, of this process or of another one of this machine.

    Raises:
        wandb.UsageError: no process of this machine has such a run that has not ended.
    """
    return attach.attach(wanted, Run)


def _unpickle(attach_id: str) -> Any:
    """Return the run itself in its own process and in those forked from it, else one that logs to it from here."""
    known = active_runs.find(attach_id)
    return known or (attach_run(attach_id) if attach.is_listed(attach_id) else attach.ForeignRun(attach_id))


def _no_row(data: Mapping[str, Any], step: int, time: int, plain: bool) -> Mapping[str, Any]:
    raise AssertionError("a run without a pipeline logs no rows")


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Finish the current run, if there is one; arguments as `Run.finish`."""
    if (run := current.run()) is not None:
        run.finish(exit_code=exit_code, quiet=quiet)


def join(exit_code: int | None = None) -> None:
    """Finish the current run, as wandb called it before 0.10."""
    finish(exit_code)

"""A run: the object that `wandb.init` returns."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from time import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from wandb._native.run import active_runs, attach, current, define_metric, run_dir
from wandb._native.run.display import RunPage
from wandb._native.run.exit_code import code_of
from wandb._native.run.files import RunFiles
from wandb._native.run.files import restore as restore
from wandb._native.run.properties import RunFacts
from wandb._native.run.properties import warn_once as warn_once
from wandb._native.run.reporting import RunStatus as RunStatus
from wandb._native.run.reporting import RunWords
from wandb._native.run.terminal import terminal_notifier
from wandb._native.run.watch import RunWatch
from wandb.errors import UsageError
from wandb.errors.term import is_shown, termlog, termwarn
from wandb.sdk.wandb_config import Config
from wandb.sdk.wandb_settings import Settings
from wandb.sdk.wandb_summary import Summary
from wandb_compat.convert.json_values import summary_value
from wandb_compat.convert.loggable import is_rich
from wandb_compat.run.alerts import Alerts
from wandb_compat.run.history import History, KeepLowerSteps
from wandb_compat.run.server_fields import published_summary
from wandb_compat.spool import records

if TYPE_CHECKING:
    from wandb_compat.pipeline.pipeline import Pipeline
    from wandb_compat.run.console import ConsoleCapture
    from wandb_compat.run.previous_run import PreviousRun
    from wandb_compat.run.tensorboard.sync import TensorBoardSync


class Run(RunFacts, RunWords, RunWatch, RunPage, RunFiles):
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
        self._patching = None
        self._tensorboard: TensorBoardSync | None = None
        self._url: str | None = None
        self._alerts = Alerts()
        self._notifier = pipeline.notifier if pipeline is not None else terminal_notifier()
        self._starting_step = first_step
        self._config = Config()
        self._config.update(config or {}, allow_val_change=True)
        for locked, user in ((sweep_config, "sweep"), (launch_config, "launch")):
            self._config.update_locked(locked or {}, user=user, _allow_val_change=True)
        row = pipeline.row if pipeline is not None else _nowhere
        self._history = History(row, self._publish_summary, KeepLowerSteps(self._notifier), first_step)
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
            from wandb.integration.tensorboard import monkeypatch

            self._tensorboard.finish(monkeypatch.flush)
        with self._history.lock:
            if self._is_finished:
                return
            self._is_finished = True
        active_runs.remove(self)
        if self._init_pid == os.getpid():
            self._finish(active_runs.watch.code if exit_code is None else int(exit_code), bool(quiet))
        if current.run() is self:
            current.unset_run()

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
        if self._settings._jupyter:
            from wandb import jupyter

            jupyter.keep_code(self)
        if self._patching is not None:
            self._patching.join()
        self._files().finish()
        if self._settings.sweep_id:
            from wandb._native.sweeps.coordinator import record_result as report

            report(self._settings.sweep_id, self.id, self.summary)
        exit = records.Exit(int(time() * 1000), records.state_of(code), code)
        outcome = pipeline.finish(exit, bar=not quiet and is_shown("info"))
        attach.withdraw(self)
        self._url = pipeline.status().url or self._url
        if code == 0 and self._settings.resume == "auto":
            Path(self._settings.resume_fname).unlink(missing_ok=True)
        if not outcome.delivered and not self.offline:
            termwarn(outcome.message)
        elif not quiet:
            termlog(outcome.message)
        if self._url and not quiet:
            termlog(f"View run {self.name} at: {self._url}")

    def join(self, exit_code: int | None = None) -> None:
        """Finish the run."""
        self.finish(exit_code)

    def _label(self, *args: Any, **kwargs: Any) -> None:
        """Accept what libraries tell wandb about themselves; it means nothing to Pluto."""

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

    # The run and its pipeline

    def _begin(self, console: ConsoleCapture | None = None) -> None:
        """Send changes of the configuration from now on, and listen to what the script prints."""
        free = self._settings._jupyter or self._settings.allow_val_change
        self._config._set_callback(self._config_changed, allow_val_change=free)
        if console is not None:
            self._console = console
            console.start()

    def _go_on(self, previous: PreviousRun) -> None:
        """Go on with a previous run; only before this one begins."""
        self._config._inherit(previous.values)
        self._history.items.update(previous.summary)
        self._history.start -= previous.runtime
        if defined := previous.extra.get("metrics"):
            self._history.rules = define_metric.MetricRules.of(defined, previous.summary)

    def _submit(self, record: records.Record, what: str) -> None:
        if self._is_finished:
            self._refuse_when_finished(what)
        if self._pipeline is not None:
            self._pipeline.submit(record)

    def _send_wandb(self, values: dict[str, Any], what: str | None = None) -> None:
        self._submit(records.Config({"wandb": values}), what or next(iter(values)))

    def _config_changed(self, values: dict[str, Any]) -> None:
        public = {key: value for key, value in values.items() if key != "_wandb"}
        if public:
            self._submit(records.Config(public), "config")

    def _summary_changed(self) -> None:
        if self._is_finished:
            self._refuse_when_finished("summary")
        self._history.summary_changed()

    def _summary_value(self, key: str, value: Any) -> Any:
        """Return a value as the summary holds it; media and tables are logged under that key, as with wandb."""
        if self._pipeline is None or self._is_finished or not is_rich(value):
            return summary_value(value)
        return self._pipeline.row({key: value}, self._history.step, int(time() * 1000)).get(key)

    def _publish_summary(self) -> None:
        if self._init_pid == os.getpid():
            summary = self._published_summary()
        else:
            with self._history.lock:
                summary = published_summary(self._history.own_items())
        if summary and self._pipeline is not None:
            self._pipeline.submit(records.Config({"wandb": {"summary": summary}}))

    def _published_summary(self) -> dict[str, Any]:
        with self._history.lock:  # other threads may be logging
            return published_summary(self.summary._as_dict() if isinstance(self.summary, Summary) else self.summary)

    def _write_files(self) -> None:
        """Leave the files that tools look for in `files/`."""
        folder = Path(self.dir)
        run_dir.write_json(folder / "wandb-summary.json", self._published_summary())
        run_dir.write_config(folder / "config.yaml", self._config.as_dict())

    def __setattr__(self, attr: str, value: object) -> None:
        if not hasattr(self, attr) and vars(self).get("_frozen"):
            raise AttributeError(f"Attribute {attr} is not supported on Run object.")
        super().__setattr__(attr, value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Run:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
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


def _nowhere(data: Mapping[str, Any], step: int, time: int, plain: bool) -> Mapping[str, Any]:
    raise AssertionError("a run without a pipeline logs no rows")


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Finish the current run, if there is one; arguments as `Run.finish`."""
    if (run := current.run()) is not None:
        run.finish(exit_code=exit_code, quiet=quiet)


def join(exit_code: int | None = None) -> None:
    """Finish the current run, as wandb called it before 0.10."""
    finish(exit_code)

"""Ends a run in steps: no error and no interrupt keeps its rows and its exit record from the disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from wandb._native.run import active_runs, attach, current, end_report, recent_runs
from wandb._native.run.exit_code import code_of
from wandb.errors.term import is_shown, termlog, termwarn
from wandb_compat.spool import records

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run
    from wandb_compat.pipeline.pipeline import Outcome, Pipeline

PATIENCE = 1  # interrupts after which the steps that are left are skipped, and only the exit record is written

Step = tuple[str, Callable[[], object]]


class RunEnding:
    """The end of one run.

    `finish` may be called again after it was interrupted, and by a signal handler while it runs: it then does what is
    left.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._thread: int | None = None  # the thread in which `finish` runs
        self._steps: list[Step] | None = None  # those that have not begun
        self._interrupts: list[BaseException] = []
        self._reported = False

    @property
    def _complete(self) -> bool:
        run = self._run
        return run._is_finished and (run._init_pid != os.getpid() or run._pipeline is None or run._pipeline.ended)

    def finish(self, code: int, quiet: bool) -> None:
        """End the run, and wait for the last rows to arrive.

        Args:
            code: the exit code.
            quiet: whether to show nothing but warnings and errors.

        Raises:
            BaseException: what interrupted it, as KeyboardInterrupt does, once the exit record is on disk.
        """
        here = threading.get_ident()
        if self._complete or self._thread not in (None, here):
            return
        outer, self._thread = self._thread, here
        try:
            self._finish(code, quiet)
        except BaseException as error:  # between two steps
            self._end(code_of(error) if code == 0 else code)
            raise
        finally:
            self._thread = outer

    def _finish(self, code: int, quiet: bool) -> None:
        run, pipeline = self._run, self._run._pipeline
        if pipeline is not None and run._init_pid == os.getpid():
            self._attempt("rows are not on disk", pipeline.flush)
        if self._steps is None:
            self._steps = [("TensorBoard's files are not read to the end", run._watching.finish)]
            self._steps += self._own_steps(pipeline) if run._init_pid == os.getpid() else []
        while self._steps and len(self._interrupts) <= PATIENCE:
            self._attempt(*self._steps.pop(0))
            run._is_finished = True  # after the first step, which may log rows
        if self._interrupts and code == 0:
            code = code_of(self._interrupts[0])
        self._end(code)
        if self._interrupts:
            raise self._interrupts.pop(0)
        if pipeline is not None and run._init_pid == os.getpid() and not self._reported:
            self._reported = True
            exit = records.Exit(int(time() * 1000), records.state_of(code), code)
            outcome = pipeline.finish(exit, bar=not quiet and is_shown("info"))
            self._attempt("the end of the run is not reported", lambda: self._report(pipeline, outcome, code, quiet))

    def _own_steps(self, pipeline: Pipeline | None) -> list[Step]:
        run = self._run
        steps: list[Step] = []
        if run._console is not None:
            steps.append(("the last console lines are not sent", run._console.stop))
        if pipeline is None:
            return steps
        steps += [
            (
                "the run is not remembered",
                lambda: recent_runs.remember(run.id, Path(run._settings.sync_dir)),
            ),
            ("the summary is not sent", run._summary_publisher.publish),
            ("the files of the run are not written", run._write_files),
            ("the notebook is not kept", self._keep_notebook),
            ("the code is not sent", run._code.wait),
            ("the files of the run are not sent", run._files.finish),
            ("the sweep does not get the result", self._record_result),
        ]
        return steps

    def _keep_notebook(self) -> None:
        if self._run._settings._jupyter:
            from wandb import jupyter

            jupyter.keep_code(self._run)

    def _record_result(self) -> None:
        if sweep := self._run._settings.sweep_id:
            from wandb._native.sweeps.coordinator import record_result

            record_result(sweep, self._run.id, self._run.summary)

    def _end(self, code: int) -> None:
        """Write the exit record, and forget the run."""
        run, pipeline = self._run, self._run._pipeline
        run._is_finished = True
        if pipeline is not None and run._init_pid == os.getpid():
            exit = records.Exit(int(time() * 1000), records.state_of(code), code)
            self._attempt("the run's exit record is not written", lambda: pipeline.end(exit))
            if not pipeline.ended:
                return  # interrupted: the end of the process tries again
            self._attempt("the run is still listed", lambda: attach.withdraw(run))
        active_runs.remove(run)
        if current.run() is run:
            current.unset_run()

    def _report(self, pipeline: Pipeline, outcome: Outcome, code: int, quiet: bool) -> None:
        run = self._run
        run._url = pipeline.status().url or run._url
        if run._status_line is not None:
            self._attempt("the status line is not updated", run._status_line.stop)
        if code == 0 and run._settings.resume == "auto":
            Path(run._settings.resume_fname).unlink(missing_ok=True)
        if run._status_line is not None and not quiet:
            self._attempt("the end of the run is not shown", lambda: self._show_html(pipeline, outcome))
            return
        if not quiet:
            self._attempt("the end of the run is not shown", lambda: self._show_numbers(pipeline))
        if not outcome.delivered and not run.offline:
            termwarn(outcome.message)
        elif not quiet:
            termlog(outcome.message)
        if run._url and not quiet:
            termlog(f"View run {run.name} at: {run._url}")

    def _show_html(self, pipeline: Pipeline, outcome: Outcome) -> None:
        from IPython.display import HTML, display

        from wandb._native.notebooks.end_tables import end_html

        run = self._run
        tables = end_report.tables(pipeline.history(), run.summary._as_dict(), self._is_hidden)
        missing = not outcome.delivered and not run.offline
        display(HTML(end_html(tables, "" if missing else outcome.message, run._url, run.name or run.id)))
        if missing:
            termwarn(outcome.message)

    def _is_hidden(self, name: str) -> bool:
        rules = self._run._history.rules
        return rules is not None and rules.is_hidden(name)

    def _show_numbers(self, pipeline: Pipeline) -> None:
        lines = end_report.lines(pipeline.history(), self._run.summary._as_dict(), self._is_hidden)
        if lines and is_shown("info"):
            termlog("\n".join(["", *lines, ""]))

    def _attempt(self, failure: str, step: Callable[[], object]) -> None:
        """Run a step; an error becomes a warning, an interrupt is raised at the end of `finish`."""
        try:
            step()
        except Exception as error:
            text = f"{failure}: {type(error).__name__}: {error}"
            self._run._notifier.warning(text, once=text)
        except BaseException as error:
            self._interrupts.append(error)

"""Progress bars and log files of `wandb-compat sync`."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from wandb_compat.cli.run_dirs import RunDir
from wandb_compat.spool.pending import pending_bytes
from wandb_compat.spool.status import State
from wandb_compat.uploader.run_logs import RunLogs

Show = Callable[[State], None]
Begin = Callable[[RunDir], contextlib.AbstractContextManager[Show]]


@contextlib.contextmanager
def progress_bars(count: int) -> Iterator[Begin]:
    """Show a progress bar for each run that is being uploaded, and one for all of them.

    Args:
        count: how many runs there are.

    Yields:
        What makes the bar of one run: a context manager whose value is called with the run's state.
    """
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
        transient=True,
    )
    with progress:
        total = progress.add_task("all", total=count, note="runs", visible=count > 1)

        @contextlib.contextmanager
        def begin(run_dir: RunDir) -> Iterator[Show]:
            rows = run_dir.pending
            task = progress.add_task(str(run_dir), total=rows, note="rows")

            def show(state: State) -> None:
                waits = ", waiting for the server" if state.phase == "waiting" else ""
                left = f"{pending_bytes(run_dir.path) / 1e6:.1f} MB left"
                progress.update(task, completed=state.sent, note=f"rows, {left}{waits}")

            try:
                yield show
            finally:
                progress.remove_task(task)
                progress.advance(total)

        yield begin


@contextlib.contextmanager
def logs_of_runs() -> Iterator[None]:
    """Write log messages of an upload to the log file in the run directory that `current_run_dir` names."""
    logger, handler = logging.getLogger("wandb_compat"), RunLogs()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)

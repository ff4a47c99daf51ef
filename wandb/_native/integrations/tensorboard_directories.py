"""Logs folders of existing event files: each becomes a run."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import wandb
from wandb._native.run.terminal import terminal_notifier
from wandb.errors import Error
from wandb.errors.term import termlog
from wandb_compat.run.tensorboard.sync import Stream


def event_files(root: str | os.PathLike[str]) -> list[Path]:
    """Return the event files in a folder and below it, in the order of their folders and times."""
    return sorted(file for file in Path(root).rglob("*tfevents*") if file.is_file())


def log(
    root: str | os.PathLike[str],
    run_id: str | None = None,
    project: str | None = None,
    entity: str | None = None,
    job_type: str | None = None,
) -> str:
    """Log all event files below a folder as one run, one writer after the other; return the id of the run.

    The folder of a writer, as seen from `root`, comes before its keys. The files are kept with the run.

    Args:
        root: the folder.
        run_id: a new one by default; a run that is there already goes on.
        project, entity, job_type: as for `wandb.init`.

    Raises:
        wandb.Error: there are no event files, or tensorboard is not installed.
    """
    home = Path(root).absolute()
    files = event_files(home)
    if not files:
        raise Error(f"There are no event files of TensorBoard in {home}: name the folder that its writers were given")
    if importlib.util.find_spec("tensorboard") is None:
        raise Error("TensorBoard's files are read with its own package: `pip install tensorboard`")
    from wandb_compat.run.tensorboard.summaries import Summaries

    summaries = Summaries(wandb, terminal_notifier(), shortest=True, texts=False)
    run = wandb.init(
        project=project,
        entity=entity,
        id=run_id,
        job_type=job_type,
        resume="allow" if run_id else None,
        reinit="create_new",
        sync_tensorboard=False,
        settings=wandb.Settings(console="off", x_disable_stats=True),
    )
    with run:
        for file in files:
            termlog(f"Found a log of TensorBoard: {file}")
            folder = file.parent.relative_to(home).as_posix()
            for row in Stream(file, "" if folder == "." else folder, summaries, run._history.attach).rows(last=True):
                run.log(row)
            run.save(str(file), base_path=str(home), policy="now", glob=False)
    return run.id

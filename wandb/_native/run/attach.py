"""Runs of other processes: how a process that was not forked from the run's finds it and logs to it.

A run enters itself in the register of this machine. A spawned process that unpickles the run, or attaches to it, writes
a separate journal file into the run's folder, from where the run's uploader takes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb._native.run import active_runs, current
from wandb._native.run.run_settings import RunSettings
from wandb._native.run.settings_fields import HIDDEN
from wandb._native.run.settings_sources import FIELDS
from wandb._native.run.terminal import terminal_notifier
from wandb.errors import UsageError
from wandb_compat.config import settings as engine
from wandb_compat.run.previous_run import from_run_dir
from wandb_compat.spool.process_registry import ProcessRegistry, alive

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run

_LIST = "runs"
_JSON_TYPES = (bool, int, float, str, list, tuple, dict)  # settings of others, as functions, stay in their process
_NOT_FOUND = (
    "No process of this user on this machine has a run {} to attach to. The process that called wandb.init"
    " must still run, and see the same folder for temporary files."
)


def publish(run: Run) -> None:
    """Let other processes of this user on this machine find a run."""
    given = run._settings.given()
    settings = {name: value for name, value in given.items() if name not in HIDDEN and type(value) in _JSON_TYPES}
    # Where the list cannot be written, only spawned processes lack something, and they say so.
    with contextlib.suppress(OSError, ValueError):
        ProcessRegistry(_LIST).enter(run._attach_id, {"home": run.sync_dir, "settings": settings, "run": run.id})


def withdraw(run: Run) -> None:
    """Take a run that has ended out of the list."""
    ProcessRegistry(_LIST).leave(run._attach_id)


def attach(wanted: str, cls: type[Run]) -> Run:
    """Return a run by attach id or run id: of this process, of one it was forked from, or of another one.

    Args:
        wanted: attach id or run id.
        cls: the class of runs, for a run of another process.

    Raises:
        wandb.UsageError: no process of this machine has such a run that has not ended.
    """
    if (known := active_runs.find(wanted)) is not None:
        return known
    for entry in _entries(wanted):
        return _join(wanted if wanted != entry["run"] else entry["name"], entry, cls)
    raise UsageError(_NOT_FOUND.format(wanted))


def is_listed(attach_id: str) -> bool:
    """Return whether a process of this machine has the run, and the run has not ended."""
    entry = ProcessRegistry(_LIST).read(attach_id)
    return entry is not None and alive(entry)


class ForeignRun:
    """A run that has ended or is on another machine: it can be held, and every use of it raises `wandb.UsageError`."""

    def __init__(self, attach_id: str) -> None:
        self._attach_id = attach_id

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not is_listed(self._attach_id):
            raise UsageError(_NOT_FOUND.format(self._attach_id))
        raise UsageError(f"Run {self._attach_id} could not be reached when it was unpickled; use wandb.attach()")


def _entries(wanted: str) -> Iterator[dict[str, Any]]:
    """Yield what the list has of a run, the one that was entered last first."""
    register = ProcessRegistry(_LIST)
    names = register.names()[::-1]
    for name in [wanted] if wanted in names else names:
        entry = register.read(name)
        if entry is not None and wanted in (name, entry.get("run")) and alive(entry):
            yield {**entry, "name": name}


def _join(attach_id: str, entry: dict[str, Any], cls: type[Run]) -> Run:
    from wandb_compat.pipeline.pipeline import Pipeline

    settings = RunSettings()
    # The others are of another version.
    settings.update_from_dict({name: value for name, value in entry["settings"].items() if name in FIELDS})
    home = Path(entry["home"])
    own, _ = engine.Settings.read()
    pipeline = Pipeline(home, own, notifier=terminal_notifier())
    so_far = from_run_dir(home)
    first_step = so_far.last_step + 1 if so_far is not None else 0
    run = cls(settings, so_far.values if so_far else {}, pipeline=pipeline, first_step=first_step)
    run._attach_id, run._init_pid = attach_id, entry["pid"]
    if so_far is not None:
        run._history.inherit(so_far.summary)
    pipeline.join(run.id)
    active_runs.share_steps(run, joins=True)
    run._begin()
    active_runs.know(run)
    active_runs.visit(run)
    current.set_run(run)
    return run

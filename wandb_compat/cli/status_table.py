"""The table of `wandb-compat status`: the runs on disk, and how much of each is on the server."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import click
import psutil
from rich.table import Table

from wandb_compat.cli.run_dirs import RunDir, default_path, find_run_dirs
from wandb_compat.cli.sync_progress import logs_of_runs
from wandb_compat.cli.table_console import table_console
from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader import recovery
from wandb_compat.uploader.run_logs import current_run_dir
from wandb_compat.wire.errors import EndpointError

CHECK_TIME = 3.0  # seconds that the table may wait for a server
ACTIVE = ("starting", "delivering", "waiting")


def show(path: Path | None) -> None:
    """Print the table.

    Args:
        path: a run directory or a directory above some; None for the default one, and a line about the runs elsewhere
            that are being uploaded.
    """
    found = find_run_dirs(path or default_path())
    elsewhere = _active_run_dirs() - {run_dir.path for run_dir in found} if path is None else set()
    if elsewhere:
        above = "".join(sorted({f"\n  {one.parent}" for one in elsewhere}))
        plural = "runs are" if len(elsewhere) > 1 else "run is"
        click.echo(f"{len(elsewhere)} more {plural} being uploaded on this machine:{above}")
    run_dirs = [run_dir for run_dir in found if run_dir.start is not None]
    if not run_dirs:
        click.echo(f"No run of wandb-compat below {path or default_path()}.")
        return
    _check_stored(run_dirs)
    console = table_console()
    # A terminal gets long texts below the table.
    more = () if console.is_terminal else ("display id", "url", "directory")
    table = Table("run", "project", "name", "phase", "rows waiting", "verified", *more, box=None, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    notes = []
    for run_dir in run_dirs:
        assert run_dir.start is not None
        state = State.read(run_dir.path) or State()
        phase, note = _phase(run_dir, state)
        url = state.url or ""
        table.add_row(
            run_dir.start.id,
            run_dir.start.project,
            run_dir.start.name,
            phase,
            str(run_dir.pending),
            state.verified if state.run is not None else "",
            *((state.display_id or "", url, str(run_dir)) if more else ()),
        )
        if url and not more:
            notes.append(f"{run_dir.start.id}: {url}")
        healed = f"{state.healed_in_words}; it has been sent again" if state.healed else None
        notes += [f"{run_dir}: {text}" for text in (note, state.trouble, healed) if text]
    console.print(table)
    for note in notes:
        click.echo(note)


def _active_run_dirs() -> set[Path]:
    """Return the run directories that uploaders of this user are sending."""
    user = psutil.Process().username()
    paths = set()
    for process in psutil.process_iter(["cmdline", "username"]):
        match process.info["cmdline"]:
            case [*_, "-m", "wandb_compat.uploader", path] if process.info["username"] == user:
                paths.add(Path(path).resolve())
    return {path for path in paths if path.is_dir()}


def _check_stored(run_dirs: list[RunDir]) -> None:
    """Check what uploaders that are gone could not check any more, for a moment."""
    states = [(run_dir, State.read(run_dir.path)) for run_dir in run_dirs]
    waiting = [one for one, state in states if state is not None and state.phase == "done" and state.unverified]
    credential = credentials.find(wandb_disabled=True) if waiting else None
    key = credential.reveal() if credential is not None else None
    if not key:
        return

    def work() -> None:
        with contextlib.suppress(EndpointError), logs_of_runs():
            config = WorkerConfig.of(Settings.read()[0])
            for run_dir in waiting:
                current_run_dir.set(run_dir.path)
                recovery.check_stored(run_dir.path, key, config)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(CHECK_TIME)


def _phase(run_dir: RunDir, state: State) -> tuple[str, str | None]:
    """Return the phase, and a note when its uploader is not running here."""
    if not state.pid:
        return "not sent", None
    if state.phase in ACTIVE and not psutil.pid_exists(state.pid):
        return state.phase, f"its uploader (process {state.pid}) is not on this machine, or has died"
    if state.phase == "done" and not run_dir.delivered:
        return "more to send", None
    return state.phase, None

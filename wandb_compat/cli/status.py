"""`wandb-compat status`: which runs lie on disk, and how far each is on its way to the server."""

from __future__ import annotations

from pathlib import Path

import click
import psutil
from rich.console import Console
from rich.table import Table

from wandb_compat.cli.run_folders import Folder, default_path, find
from wandb_compat.spool.status import State

AT_WORK = ("starting", "delivering", "waiting")


@click.command(short_help="Show how far each run is on its way to the server.")
@click.argument("path", required=False, type=click.Path(path_type=Path))
def command(path: Path | None) -> None:
    """Show the runs below a directory and what of them is not on the Pluto server yet.

    PATH is a directory or a run folder. By default it is the folder `wandb`, and the runs that are being uploaded on
    this machine, wherever they are.
    """
    found = find(path or default_path())
    if path is None:
        known = {folder.home for folder in found}
        found += [Folder.at(home) for home in _at_work() if home not in known]
    folders = [folder for folder in found if folder.start is not None]
    if not folders:
        click.echo(f"No run of wandb-compat below {path or default_path()}.")
        return
    table = Table(
        "run", "project", "name", "phase", "rows waiting", "display id", "url", "folder", box=None, pad_edge=False
    )
    notes = []
    for folder in folders:
        assert folder.start is not None
        state = State.read(folder.home) or State()
        phase, note = _phase(folder, state)
        url = state.url or ""
        table.add_row(
            folder.start.id,
            folder.start.project,
            folder.start.name,
            phase,
            str(folder.waiting),
            state.display_id or "",
            url,
            str(folder),
        )
        notes += [f"{folder}: {text}" for text in (note, state.trouble) if text]
    # Into a pipe go whole lines, whatever their length.
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=10_000)
    console.print(table)
    for note in notes:
        click.echo(note)


def _at_work() -> list[Path]:
    """Return the run folders that uploaders of this user are at."""
    user = psutil.Process().username()
    homes = []
    for process in psutil.process_iter(["cmdline", "username"]):
        match process.info["cmdline"]:
            case [*_, "-m", "wandb_compat.uploader", home] if process.info["username"] == user:
                homes.append(Path(home).resolve())
    return [home for home in homes if home.is_dir()]


def _phase(folder: Folder, state: State) -> tuple[str, str | None]:
    """Return the phase, and a sentence when nobody is seen at work that says it is."""
    if not state.pid:
        return "not sent", None
    if state.phase in AT_WORK and not psutil.pid_exists(state.pid):
        return state.phase, f"its uploader (process {state.pid}) is not on this machine, or has died"
    if state.phase == "done" and not folder.delivered:
        return "more to send", None
    return state.phase, None

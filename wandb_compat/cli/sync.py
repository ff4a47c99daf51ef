"""`wandb-compat sync`: a courier in the foreground, for what offline runs and outages have left on disk."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from wandb_compat import credentials
from wandb_compat.cli.folders import Folder, default_path, find
from wandb_compat.courier.state import State
from wandb_compat.courier.work import Busy, NoRun, Trainer, Work
from wandb_compat.settings import Settings
from wandb_compat.wire.endpoints import EndpointError, resolve

PATIENCE = 10.0  # seconds; long enough for a server that restarts


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option(
    "--patience",
    default=PATIENCE,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Seconds to go on trying for each run when the server cannot be reached.",
)
def command(paths: tuple[Path, ...], dry_run: bool, patience: float) -> None:
    """Send runs that are not on the Pluto server yet.

    PATH is a run folder, its run-<id>.wandb, a link such as wandb/latest-run, or a directory: then every unfinished
    run below it is sent. By default that is the folder `wandb`. What the server has already is never sent twice. The
    exit code is 0 only if the server has everything.
    """
    sys.exit(deliver(paths, dry_run=dry_run, patience=patience))


def deliver(paths: tuple[Path, ...], *, dry_run: bool, patience: float) -> int:
    """Send the runs that the paths name, one line of report each; return the exit code.

    Args:
        paths: see `folders.find`; none at all means where runs lie by default.
        dry_run: only say what would be sent.
        patience: seconds to try for each run when the server cannot be reached.

    Raises:
        click.ClickException: a path names nothing, there is no key, or the URLs are incomplete.
    """
    given = paths or (default_path(),)
    found = {folder.home: folder for path in given for folder in find(path)}
    if not found:
        click.echo(f"No run folder below {', '.join(map(str, given))}.")
        return 0
    ours = [folder for folder in found.values() if _is_ours(folder)]
    unfinished = [folder for folder in ours if not _is_delivered(folder)]
    if dry_run:
        for folder in unfinished:
            assert folder.start is not None
            click.echo(f"{folder}: would send {folder.waiting} rows as run {folder.start.id} of {folder.start.project}")
    elif unfinished:
        settings = Settings.read()[0].model_copy(update={"linger": patience})
        key = _key(settings)
        _endpoints(settings)
        results = [
            _send(folder, key, settings) for folder in unfinished
        ]  # each has its turn, whatever befalls the others
        return 0 if all(results) else 1
    return 0 if ours or not paths else 1


def _is_ours(folder: Folder) -> bool:
    if folder.start is None:
        click.echo(f"{folder}: skipped, this is no journal of wandb-compat")
    return folder.start is not None


def _is_delivered(folder: Folder) -> bool:
    delivered = folder.delivered
    if delivered:
        state = State.read(folder.home)
        click.echo(f"{folder}: on the server already" + (_where(state) if state else ""))
    return delivered


def _key(settings: Settings) -> str:
    credential = credentials.find(post_sunset=True)
    if credential is None:
        raise click.ClickException(f"there is no Pluto key: {credentials.HINT}. The rows stay in the journal")
    if key := credential.reveal():
        return key
    raise click.ClickException(
        f"the Pluto key in {credential.source} cannot be read: run `wandb-compat login` again, or set PLUTO_API_KEY"
    )


def _endpoints(settings: Settings) -> None:
    try:
        resolve(settings)
    except EndpointError as error:
        raise click.ClickException(str(error)) from None


def _send(folder: Folder, key: str, settings: Settings) -> bool:
    """Deliver one run folder and say how it went; return whether the server has everything."""
    try:
        with _progress(folder) as progress, _log(folder.home):
            state = Work(folder.home, key, settings, trainer=Trainer.of(folder.home), follow=False).run(progress)
    except (Busy, NoRun) as error:
        click.echo(f"{folder}: {error}", err=True)
        return False
    except OSError as error:
        click.echo(f"{folder}: cannot be sent from here: {error}", err=True)
        return False
    waiting = folder.waiting
    if state.phase == "done":
        sentence = f"{state.sent} rows sent, everything is on the server"
    elif state.trouble is None and not waiting:
        sentence = f"{state.sent} rows sent, everything so far is on the server; the run is still going on"
    else:
        lack = f"{waiting} are not on the server" if waiting else "but the run is not closed on the server"
        click.echo(f"{folder}: {state.sent} rows sent, {lack}: {state.trouble}. Then sync again.", err=True)
        return False
    if state.refused:
        sentence += f", save {state.refused} records that it refused (see {folder}/logs/courier.log)"
    click.echo(f"{folder}: {sentence}{_where(state)}")
    return not state.refused


def _where(state: State) -> str:
    return f" ({' '.join(filter(None, (state.display_id, state.url)))})" if state.display_id or state.url else ""


@contextlib.contextmanager
def _progress(folder: Folder) -> Iterator[Callable[[State], None]]:
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("rows {task.fields[note]}"),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(str(folder), total=folder.waiting, note="")

        def show(state: State) -> None:
            bar.update(task, completed=state.sent, note="waiting for the server" if state.phase == "waiting" else "")

        yield show


@contextlib.contextmanager
def _log(home: Path) -> Iterator[None]:
    """Let the courier's log of this run take what is said on the way, as when it works in the background."""
    path = home / "logs" / "courier.log"
    path.parent.mkdir(exist_ok=True)
    logger = logging.getLogger("wandb_compat")
    handler = logging.FileHandler(path, delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()

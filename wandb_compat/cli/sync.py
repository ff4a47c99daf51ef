"""`wandb-compat sync`: an uploader in the foreground, for what offline runs and outages have left on disk."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from wandb_compat.cli.run_folders import Folder, default_path, find
from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.pending import pending_bytes
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.uploader.worker import Worker
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import EndpointError, NoRunFound, RunDirBusy

PATIENCE = 10.0  # seconds; long enough for a server that restarts
JOBS = 4  # runs sent at once

Show = Callable[[State], None]
Begin = Callable[[Folder], contextlib.AbstractContextManager[Show]]


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
@click.option("--jobs", default=JOBS, show_default=True, type=click.IntRange(min=1), help="Runs to send at once.")
def command(paths: tuple[Path, ...], dry_run: bool, patience: float, jobs: int) -> None:
    """Send runs that are not on the Pluto server yet.

    PATH is a run folder, its run-<id>.wandb, a link such as wandb/latest-run, or a directory: then every unfinished
    run below it is sent. By default that is the folder `wandb`. What the server has already is never sent twice, and
    a call that was cut off goes on where it was. The exit code is 0 only if the server has everything.
    """
    sys.exit(deliver(paths, dry_run=dry_run, patience=patience, jobs=jobs))


def deliver(paths: tuple[Path, ...], *, dry_run: bool, patience: float, jobs: int = JOBS) -> int:
    """Send the runs that the paths name, one line of report each; return the exit code.

    Args:
        paths: see `folders.find`; none at all means where runs lie by default.
        dry_run: only say what would be sent.
        patience: seconds to try for each run when the server cannot be reached.
        jobs: runs to send at once; the parts of one run always go one after the other, as they began.

    Raises:
        click.ClickException: a path names nothing, there is no key, or the URLs are incomplete.
    """
    given = paths or (default_path(),)
    found = {folder.home: folder for path in given for folder in find(path)}
    if not found:
        click.echo(f"No run folder below {', '.join(map(str, given))}.")
        return 0
    ours = [folder for folder in found.values() if _is_ours(folder)]
    unfinished = [folder for folder in ours if not folder.delivered]
    whole = [_report_delivered(folder) for folder in ours if folder not in unfinished]
    if dry_run:
        for folder in unfinished:
            assert folder.start is not None
            click.echo(f"{folder}: would send {folder.waiting} rows as run {folder.start.id} of {folder.start.project}")
    elif unfinished:
        config = WorkerConfig.of(Settings.read()[0])._replace(linger=patience)
        key = _key()
        _check(config)
        whole += _send_all(unfinished, key, config, jobs)
    return 0 if all(whole) and (ours or not paths) else 1


def _is_ours(folder: Folder) -> bool:
    if folder.start is None:
        click.echo(f"{folder}: skipped, this is no journal of wandb-compat")
    return folder.start is not None


def _report_delivered(folder: Folder) -> bool:
    """Say that there is nothing to send; return whether the server has taken everything."""
    state = State.read(folder.home)
    refused = Offsets(folder.home).refused
    click.echo(f"{folder}: on the server already{_refusals(folder)}" + (_where(state) if state else ""))
    return not refused


def _refusals(folder: Folder) -> str:
    offsets = Offsets(folder.home)
    if not offsets.refused:
        return ""
    reasons = offsets.refusal_reasons
    return f", except {len(offsets.refused)} records that it refused: {reasons} (see {folder}/logs/uploader.log)"


def _key() -> str:
    credential = credentials.find(post_sunset=True)
    if credential is None:
        raise click.ClickException(f"there is no Pluto key: {credentials.HINT}. The rows stay in the journal")
    if key := credential.reveal():
        return key
    raise click.ClickException(
        f"the Pluto key in {credential.source} cannot be read: run `wandb-compat login` again, or set PLUTO_API_KEY"
    )


def _check(config: WorkerConfig) -> None:
    try:
        resolve(config.urls)
    except EndpointError as error:
        raise click.ClickException(str(error)) from None


def _send_all(folders: list[Folder], key: str, config: WorkerConfig, jobs: int) -> list[bool]:
    """Send run folders, each in its turn, whatever befalls the others; return of each whether all of it is there."""
    runs: dict[tuple[str, str], list[Folder]] = {}
    for folder in folders:
        assert folder.start is not None
        runs.setdefault((folder.start.project, folder.start.target or folder.start.id), []).append(folder)
    with _progress(len(folders)) as begin, _logs():

        def send(parts: list[Folder]) -> list[bool]:
            return [_send(part, key, config, begin) for part in parts]

        with ThreadPoolExecutor(min(jobs, len(runs)), thread_name_prefix="sync") as pool:
            return [one for results in pool.map(send, runs.values()) for one in results]


def _send(folder: Folder, key: str, config: WorkerConfig, begin: Begin) -> bool:
    """Deliver one run folder and say how it went; return whether the server has everything."""
    _home.set(folder.home)
    try:
        with begin(folder) as show:
            state = Worker(folder.home, key, config, trainer=Trainer.of_run(folder.home), follow=False).run(show)
    except (RunDirBusy, NoRunFound) as error:
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
    click.echo(f"{folder}: {sentence}{_refusals(folder)}{_where(state)}")
    return not state.refused


def _where(state: State) -> str:
    return f" ({' '.join(filter(None, (state.display_id, state.url)))})" if state.display_id or state.url else ""


@contextlib.contextmanager
def _progress(count: int) -> Iterator[Begin]:
    """Show a bar for each run that is being sent, and one for all of them."""
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
        def begin(folder: Folder) -> Iterator[Show]:
            rows = folder.waiting
            task = progress.add_task(str(folder), total=rows, note="rows")

            def show(state: State) -> None:
                waits = ", waiting for the server" if state.phase == "waiting" else ""
                left = f"{pending_bytes(folder.home) / 1e6:.1f} MB left"
                progress.update(task, completed=state.sent, note=f"rows, {left}{waits}")

            try:
                yield show
            finally:
                progress.remove_task(task)
                progress.advance(total)

        yield begin


_home: ContextVar[Path | None] = ContextVar("home", default=None)  # the run folder that an uploader is at


class _Logs(logging.Handler):
    """Lets the uploader's log of each run take what is said on the way, as when it works in the background."""

    def emit(self, record: logging.LogRecord) -> None:
        home = _home.get()
        if home is None:
            return
        with contextlib.suppress(OSError):  # a full disk: what stops the delivery is said on the terminal too
            (home / "logs").mkdir(exist_ok=True)
            with (home / "logs" / "uploader.log").open("a", encoding="utf-8") as log:
                log.write(self.format(record) + "\n")


@contextlib.contextmanager
def _logs() -> Iterator[None]:
    logger, handler = logging.getLogger("wandb_compat"), _Logs()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)

"""The commands of `python -m wandb`: what Pluto can do under wandb's names, a clear answer for the others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

import click

import wandb
from wandb._native.cli import artifacts, directory, runs, sweeps
from wandb.errors import Error
from wandb.errors.term import termwarn
from wandb.sdk.wandb_login import find_credential
from wandb_compat._version import __version__
from wandb_compat.cli.run_dirs import find_run_dirs
from wandb_compat.cli.sign_in import sign_in
from wandb_compat.cli.sync import JOBS, PATIENCE
from wandb_compat.cli.sync_runs import deliver
from wandb_compat.config.credentials import TOKEN_PREFIXES

_LAUNCH = "Pluto has no launch queues: start jobs with your scheduler, or work on a sweep with `wandb agent`"
_CONTAINERS = "start the container yourself and pass PLUTO_API_KEY to it; logging needs nothing else"
_SERVER = "`wandb-compat serve` runs a Pluto server on this machine"
_FOLDERS = "nothing is kept but the run folders in `wandb/`: delete those that `wandb status` shows as done"
INSTEAD = {
    "beta": "use `wandb sync` and `wandb-compat status`",
    "clean": _FOLDERS,
    "docker": _CONTAINERS,
    "docker-run": _CONTAINERS,
    "job": _LAUNCH,
    "launch": _LAUNCH,
    "launch-agent": _LAUNCH,
    "launch-sweep": "make the sweep with `wandb sweep` and work on it with `wandb agent`",
    "leet": "`wandb-compat journal show FILE` prints a run on disk, and Pluto's page shows those on the server",
    "local": _SERVER,
    "purge-cache": "artifacts are kept where they were downloaded to, in no cache",
    "scheduler": _LAUNCH,
    "server": _SERVER,
    "sweep-scheduler": "`wandb controller` says what the agents of a sweep try",
}


class RunGroup(click.Group):
    """Ends with wandb's exit code 1 and one line where the API raises an error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except Error as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=RunGroup)
@click.version_option(
    wandb.__version__, prog_name="wandb", message=f"%(prog)s, version %(version)s (wandb-compat {__version__})"
)
def cli() -> None:
    """wandb on Pluto; see also `wandb-compat --help`."""


@cli.command()
@click.argument("key", nargs=-1)
@click.option("--cloud", is_flag=True, help="Accepted; PLUTO_URL_… name the server.")
@click.option("--host", "--base-url", help="Accepted; PLUTO_URL_… name the server.")
@click.option("--relogin", is_flag=True, help="Ask for a key even if there is one.")
@click.option("--anonymously", is_flag=True, hidden=True)
@click.option("--verify/--no-verify", default=True, help="Whether to ask the server about the key.")
def login(key: tuple[str, ...], relogin: bool, verify: bool, host: str | None, **_: bool) -> None:
    """Keep a Pluto key for this machine."""
    given = key[0] if key else None
    found = None if relogin else find_credential()
    if host:
        termwarn(f"--host {host} is not used: PLUTO_URL_APP and the other PLUTO_URL_… variables name the Pluto server.")
    if found and given is None:
        click.echo(f"Pluto key found in {found.source}; `--relogin` asks for another.")
    elif found and given and not given.startswith(TOKEN_PREFIXES):
        # A script of the old days that signs in with its wandb key goes on: it can log.
        click.echo(f"This is not a Pluto key and is not used; the one in {found.source} is.", err=True)
    else:
        sign_in(given, check=verify)


# What a run was logged with stays: each of these would make it another run. Logs of TensorBoard have none of them yet.
_UNUSED = {
    "id": "--id",
    "project": "--project",
    "entity": "--entity",
    "job_type": "--job-type",
    "tags": "--replace-tags",
}


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--id", help="For logs of TensorBoard; a run keeps its id.")
@click.option("-p", "--project", help="For logs of TensorBoard; a run keeps its project.")
@click.option("-e", "--entity", help="For logs of TensorBoard; Pluto's organisation follows from the key.")
@click.option("--job-type", help="For logs of TensorBoard; a run keeps its type.")
@click.option("--replace-tags", "tags", help="Not used: a run keeps its tags.")
@click.option("-n", "limit", type=int, help="Accepted; every unfinished run is sent.")
@click.option("--yes", is_flag=True, help="Accepted; nothing is asked.")
@click.option("--sync-all", is_flag=True, help="Accepted; every unfinished run is sent anyway.")
@click.option("--include-online/--no-include-online", "--no-skip-online/--skip-online", default=True, help="Accepted.")
@click.option("--include-offline/--no-include-offline", default=True, hidden=True)
@click.option("--include-synced/--no-include-synced", "--no-skip-synced/--skip-synced", help="Accepted.")
@click.option("-v", "--verbose", is_flag=True, help="Accepted; each run has one line anyway.")
@click.option("--mark-synced/--no-mark-synced", default=True, hidden=True)
@click.option("--sync-tensorboard/--no-sync-tensorboard", default=True, help="Log folders of event files as runs.")
@click.option("--include-globs", hidden=True)
@click.option("--exclude-globs", hidden=True)
@click.option("--clean", is_flag=True, hidden=True)
@click.option("--clean-old-hours", hidden=True)
@click.option("--clean-force", is_flag=True, hidden=True)
@click.option("--skip-console", is_flag=True, hidden=True)
@click.option("--legacy", is_flag=True, hidden=True)
@click.option("--view", is_flag=True, hidden=True)
def sync(paths: tuple[Path, ...], dry_run: bool, sync_tensorboard: bool, **given: Any) -> None:
    """Send runs that are not on the Pluto server yet, as `wandb-compat sync`, and logs of TensorBoard as new runs."""
    logs = [path for path in paths if sync_tensorboard and _holds_logs(path)]
    for path in logs:
        _log_events(path, dry_run, given)
    if logs and len(logs) == len(paths):
        return
    paths = tuple(path for path in paths if path not in logs)
    if unused := [flag for name, flag in _UNUSED.items() if given[name] is not None]:
        termwarn(f"{', '.join(unused)}: not used, runs go to the server as they were logged.")
    sys.exit(deliver(paths, dry_run=dry_run, patience=PATIENCE, jobs=JOBS))


def _holds_logs(path: Path) -> bool:
    from wandb._native.integrations.tensorboard_directories import event_files

    return path.is_dir() and not find_run_dirs(path) and bool(event_files(path))


def _log_events(path: Path, dry_run: bool, given: dict[str, Any]) -> None:
    from wandb._native.integrations import tensorboard_directories

    if dry_run:
        click.echo(
            f"{path}: would log {len(tensorboard_directories.event_files(path))} event files of TensorBoard as a run"
        )
        return
    id = tensorboard_directories.log(path, given["id"], given["project"], given["entity"], given["job_type"])
    click.echo(f"{path}: logged as run {id}")


for _command in (
    *(directory.init, directory.status, *directory.MODES),
    *(sweeps.sweep, sweeps.agent, sweeps.controller),
    *(artifacts.artifact, runs.pull, runs.restore, runs.projects, runs.verify),
):
    cli.add_command(_command)


def _refuse(name: str, instead: str) -> None:
    """Add a command that ends with a sentence and the exit code 2, whatever its arguments."""

    def refuse() -> NoReturn:
        click.echo(f"Error: `wandb {name}` is not available in Pluto: {instead}", err=True)
        sys.exit(2)

    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    cli.add_command(click.Command(name, callback=refuse, hidden=True, context_settings=settings))


for _name, _sentence in INSTEAD.items():
    _refuse(_name, _sentence)

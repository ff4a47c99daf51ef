"""The commands of `python -m wandb`: login, sync and status of `wandb-compat`, a clear answer for the others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

import wandb
from wandb.cli import sweeps
from wandb.sdk.wandb_login import find_credential
from wandb_compat import __version__
from wandb_compat.cli.login import sign_in
from wandb_compat.cli.status import command as status
from wandb_compat.cli.sync import PATIENCE, deliver
from wandb_compat.credentials import TOKEN_PREFIXES

# The mode of a folder: wandb keeps it in a settings file, which `init` does not read here.
MODES = {"offline": "offline", "off": "offline", "online": "online", "on": "online"}
MODES |= {"disabled": "disabled", "enabled": "online"}
ABSENT = (
    *("artifact", "beta", "clean", "docker", "docker-run", "init", "job", "launch"),
    *("launch-agent", "launch-sweep", "leet", "local", "projects", "pull", "purge-cache", "restore", "scheduler"),
    *("server", "sweep-scheduler", "verify"),
)


@click.group()
@click.version_option(
    wandb.__version__, prog_name="wandb", message=f"%(prog)s, version %(version)s (wandb-compat {__version__})"
)
def cli() -> None:
    """wandb on Pluto; see also `wandb-compat --help`."""


@cli.command()
@click.argument("key", required=False)
@click.option("--relogin", is_flag=True, help="Ask for a key even if there is one.")
@click.option("--verify/--no-verify", default=True, help="Whether to ask the server about the key.")
def login(key: str | None, relogin: bool, verify: bool) -> None:
    """Keep a Pluto key for this machine."""
    found = None if relogin else find_credential()
    if found and key is None:
        click.echo(f"Pluto key found in {found.source}; `--relogin` asks for another.")
    elif found and key and not key.startswith(TOKEN_PREFIXES):
        # A script of the old days that signs in with its wandb key goes on: it can log.
        click.echo(f"This is no Pluto key and is not used; the one in {found.source} is.", err=True)
    else:
        sign_in(key, check=verify)


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--sync-all", is_flag=True, help="Accepted; every unfinished run is sent anyway.")
@click.option("--include-online", is_flag=True, help="Accepted; they are included anyway.")
@click.option("--include-offline", is_flag=True, help="Accepted; they are included anyway.")
@click.option("-v", "--verbose", is_flag=True, help="Accepted; there is one line a run anyway.")
def sync(paths: tuple[Path, ...], dry_run: bool, **_: bool) -> None:
    """Send runs that are not on the Pluto server yet; as `wandb-compat sync`."""
    sys.exit(deliver(paths, dry_run=dry_run, patience=PATIENCE))


cli.add_command(status, "status")
for _command in (sweeps.sweep, sweeps.agent, sweeps.controller):
    cli.add_command(_command)


def _refuse(name: str, sentence: str) -> None:
    """Add a command that ends with a sentence and the exit code 2, whatever its arguments."""

    def refuse() -> NoReturn:
        click.echo(f"Error: `wandb {name}` is not available in wandb-compat yet; {sentence}", err=True)
        sys.exit(2)

    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    cli.add_command(click.Command(name, callback=refuse, hidden=True, context_settings=settings))


for _name, _mode in MODES.items():
    _refuse(_name, f"set WANDB_MODE={_mode} in the environment of the script")
for _name in ABSENT:
    _refuse(_name, "it works with the real wandb installed and DISABLE_WANDB_LOGGING unset")

"""`wandb-compat import`: uploads run directories and exports of `pluto migrate` to the server of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click


@click.command(short_help="Upload runs on disk to the server of this machine.")
@click.argument("directories", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def command(directories: tuple[Path, ...]) -> None:
    """Upload runs on disk to the embedded server of this machine, to look at them.

    DIR is a run directory, a directory above some, or an export of `pluto migrate wandb export`. The server is started
    when it is not running. Data that it has is not uploaded twice. Afterwards the runs count as delivered:
    `wandb-compat sync` does not send them to their own server any more. Copy their directories first if you want that.

    Example: wandb-compat import wandb/offline-run-20260101_000000-abc
    """
    from wandb_compat.cli import sync, sync_runs
    from wandb_compat.config import local_server
    from wandb_compat.server import auth, discovery
    from wandb_compat.server.serve import environment

    try:
        server, _ = discovery.find_or_start(local_server.data_dir())
    except discovery.StartError as error:
        raise click.ClickException(str(error)) from None
    os.environ.update(environment(server.url, server.key))
    exports = [directory for directory in directories if is_export(directory)]
    code = 0
    for directory in exports:
        load = [sys.executable, "-m", "pluto", "migrate", "wandb", "load", "--input", str(directory)]
        code = subprocess.run(load).returncode or code
    runs = tuple(directory for directory in directories if directory not in exports)
    if runs:
        code = sync_runs.deliver(runs, dry_run=False, patience=sync.PATIENCE, jobs=sync.JOBS) or code
    click.echo(f"The page, signed in: {auth.sign_in_link(server.url, server.key)}")
    sys.exit(code)


def is_export(directory: Path) -> bool:
    """Return whether a directory is an export of `pluto migrate wandb export`: ENTITY/PROJECT/runs/RUN/run.json."""
    return next(directory.glob("*/*/runs/*/run.json"), None) is not None

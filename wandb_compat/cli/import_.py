"""`wandb-compat import`: brings run folders, journals and exports of `pluto migrate` to the server of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def command(folders: tuple[Path, ...]) -> None:
    """Bring runs on disk to the embedded server of this machine, to look at them.

    DIR is a run folder or a directory above some, or what `pluto migrate wandb export` has written. The server is
    started when none runs. What it has already is not brought twice. Runs that were meant for another server are then
    delivered: `wandb-compat sync` would not send them there, so copy their folders before if they still have to go.
    """
    from wandb_compat.cli import sync
    from wandb_compat.server import auth, discovery
    from wandb_compat.server.serve import environment

    try:
        server, _ = discovery.find_or_start(discovery.default_data_dir())
    except discovery.StartError as error:
        raise click.ClickException(str(error)) from None
    os.environ.update(environment(server.url, server.key))
    exports = [folder for folder in folders if is_export(folder)]
    code = 0
    for folder in exports:
        load = [sys.executable, "-m", "pluto", "migrate", "wandb", "load", "--input", str(folder)]
        code = subprocess.run(load).returncode or code
    runs = tuple(folder for folder in folders if folder not in exports)
    if runs:
        code = sync.deliver(runs, dry_run=False, patience=sync.PATIENCE) or code
    click.echo(f"The page, signed in: {auth.sign_in_link(server.url, server.key)}")
    sys.exit(code)


def is_export(folder: Path) -> bool:
    """Return whether a folder is what `pluto migrate wandb export` writes: ENTITY/PROJECT/runs/RUN/run.json."""
    return next(folder.glob("*/*/runs/*/run.json"), None) is not None

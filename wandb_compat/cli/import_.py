"""`wandb-compat import`: uploads runs that are on disk, in any form, to any Pluto server."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import click

from wandb_compat.cli.sync import JOBS

DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


@click.command(short_help="Upload runs on disk, or a server's data folder, to a Pluto server.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--to", metavar="URL", help="The Pluto server to import to; by default the one of this machine.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported, and send nothing.")
@click.option("--project", "projects", multiple=True, help="Import only runs of this project; may be repeated.")
@click.option("--since", type=click.DateTime(DATES), help="Import only runs created at this time or later.")
@click.option("--jobs", default=JOBS, show_default=True, type=click.IntRange(min=1), help="Runs to import at once.")
@click.option("--again", is_flag=True, help="Of a data folder, also send runs that the server has from elsewhere.")
@click.option("--trust", is_flag=True, help="Also send runs of other users, and files that links in a run name.")
def command(
    paths: tuple[Path, ...],
    to: str | None,
    dry_run: bool,
    projects: tuple[str, ...],
    since: datetime | None,
    jobs: int,
    again: bool,
    trust: bool,
) -> None:
    """Upload runs on disk to a Pluto server: by default to the embedded server of this machine.

    PATH is the data folder of an embedded server, a run directory of ours or of the real wandb, a directory above some,
    or an export of `pluto migrate wandb export`. Data that the server has is not uploaded twice, an interrupted call
    continues where it stopped, and bad input is named while the rest goes on. The exit code is 0 only if the server has
    everything.

    A data folder may be in use by its server, and is not changed. Progress is noted in the directory `wandb`. After
    an import of run directories, `wandb-compat sync` does not send them to their own server any more: copy them first
    if you want that.

    Example: wandb-compat import ~/.local/share/wandb-compat/server --to http://pluto.example:3000
    """
    from wandb_compat.cli.import_inputs import Choice, import_all  # slow to import, and not needed for --help

    link = None if to is not None else _use_local_server()
    code = import_all(paths, to, Choice(dry_run, projects, since, jobs, again, trust))
    if link is not None:
        click.echo(f"The page, signed in: {link}")
    sys.exit(code)


def _use_local_server() -> str:
    """Configure this process for the server of this machine, started if necessary; return a link to its page."""
    from wandb_compat.config import local_server
    from wandb_compat.server import auth, discovery
    from wandb_compat.server.serve import environment

    try:
        server, _ = discovery.find_or_start(local_server.data_dir())
    except discovery.StartError as error:
        raise click.ClickException(str(error)) from None
    os.environ.update(environment(server.url, server.key))
    return auth.sign_in_link(server.url, server.key)

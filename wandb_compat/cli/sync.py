"""`wandb-compat sync`: uploads in the foreground what offline runs and outages have left on disk."""

from __future__ import annotations

import sys
from pathlib import Path

import click

PATIENCE = 10.0  # seconds; enough for a server that restarts
JOBS = 4  # runs sent at once


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@click.option(
    "--patience",
    default=PATIENCE,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Seconds to retry for each run while the server cannot be reached.",
)
@click.option("--trust", is_flag=True, help="Also send runs of other users, and files that links in a run name.")
@click.option("--to", metavar="URL", help="Send to this Pluto server, also runs that were logged for another one.")
@click.option("--verify", is_flag=True, help="Wait until the server has stored everything, and check that.")
@click.option("--jobs", default=JOBS, show_default=True, type=click.IntRange(min=1), help="Runs to send at once.")
def command(
    paths: tuple[Path, ...], dry_run: bool, patience: float, trust: bool, to: str | None, verify: bool, jobs: int
) -> None:
    """Upload runs that are not on the Pluto server yet.

    PATH is a run directory, its run-<id>.wandb, a link such as wandb/latest-run, or a directory: then every unfinished
    run below it is sent. The default is the directory `wandb`. Data that the server has is never sent twice, and an
    interrupted call continues where it stopped. The exit code is 0 only if the server has everything.

    Example: wandb-compat sync wandb/offline-run-20260101_000000-abc
    """
    from wandb_compat.cli.sync_runs import Options, deliver  # slow to import, and not needed for --help

    options = Options(trust=trust, to=to, verify=verify)
    sys.exit(deliver(paths, dry_run=dry_run, patience=patience, jobs=jobs, options=options))

"""`wandb-compat status`: the runs on disk, and how much of each is on the server."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Show how much of each run is on the server.")
@click.argument("path", required=False, type=click.Path(path_type=Path))
def command(path: Path | None) -> None:
    """Show the runs below a directory, and how much of each is not on the Pluto server yet.

    PATH is a directory or a run directory. The default is the directory `wandb`; a line tells where else
    on this machine runs are being uploaded.

    Example: wandb-compat status wandb/latest-run
    """
    from wandb_compat.cli.status_table import show  # slow to import, and not needed for --help

    show(path)

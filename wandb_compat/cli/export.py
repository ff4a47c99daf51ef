"""`wandb-compat export`: copies projects of a Pluto server into the data folder of an embedded server."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wandb_compat.cli.import_ import DATES
from wandb_compat.cli.sync import JOBS

if TYPE_CHECKING:
    from wandb_compat.cli.import_inputs import Choice
    from wandb_compat.wire.endpoints import Endpoints
    from wandb_compat.wire.server_reader import ServerReader


@click.command(short_help="Copy projects of a Pluto server into a data folder.")
@click.argument("projects", metavar="PROJECT...", nargs=-1, required=True)
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), help="The data folder to write.")
@click.option("--from", "url", metavar="URL", help="The Pluto server; by default the configured one.")
@click.option("--dry-run", is_flag=True, help="Show what would be exported, and write nothing.")
@click.option("--since", type=click.DateTime(DATES), help="Export only runs created at this time or later.")
@click.option("--jobs", default=JOBS, show_default=True, type=click.IntRange(min=1), help="Runs to export at once.")
def command(
    projects: tuple[str, ...], folder: Path, url: str | None, dry_run: bool, since: datetime | None, jobs: int
) -> None:
    """Copy projects of a Pluto server into the data folder of an embedded server, to look at them without a network.

    A server gives back everything but what the last lines name; a real Pluto server gives back no texts, histograms,
    tables, alerts and model graphs. Runs that the folder has and that have not changed are not copied again. The exit
    code is 0 only if the folder has every run.

    Example: wandb-compat export vision --to exported, then wandb-compat serve --data exported --open
    """
    # Slow to import, and not needed for --help.
    from wandb_compat.cli import sync_runs
    from wandb_compat.cli.import_inputs import Choice
    from wandb_compat.config.settings import Settings
    from wandb_compat.spool.worker_config import WorkerConfig
    from wandb_compat.wire.endpoints import resolve
    from wandb_compat.wire.errors import WireError
    from wandb_compat.wire.server_reader import ServerReader

    key = sync_runs.require_key()
    source = resolve(sync_runs.config_for(WorkerConfig.of(Settings.read()[0]), url).urls)
    reader = ServerReader(source, key, projects)
    try:
        sys.exit(_export(reader, source, folder, Choice(dry_run, projects, since, jobs)))
    except WireError as error:
        raise click.ClickException(str(error)) from None


def _export(reader: ServerReader, source: Endpoints, folder: Path, choice: Choice) -> int:
    """Copy into the server that has the folder, which runs already or for as long as this takes."""
    from wandb_compat.cli.import_inputs import copy_all
    from wandb_compat.cli.sync import PATIENCE
    from wandb_compat.config.local_server import find_running
    from wandb_compat.config.settings import Settings
    from wandb_compat.server.serve import ServerError, running
    from wandb_compat.spool.worker_config import WorkerConfig

    def copy(address: str, key: str) -> int:
        kept = [name for name in (os.environ.get("NO_PROXY"), "127.0.0.1,localhost") if name]
        os.environ.update(dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(kept)))
        config = WorkerConfig.of(Settings.read()[0])._replace(linger=PATIENCE, urls=[address] * 4)
        return copy_all(reader, (source.api, str(folder.resolve())), key, config, choice)

    if (server := find_running(folder)) is not None:
        return copy(server.url, server.key)
    try:
        with running(folder) as started:
            return copy(started.url, started.key)
    except ServerError as error:
        raise click.ClickException(str(error)) from None

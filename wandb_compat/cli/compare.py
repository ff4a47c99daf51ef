"""`wandb-compat compare`: compares what the real wandb has recorded of a run with its copy in Pluto."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click


@click.command(short_help="Compare a local wandb run with its Pluto copy.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--project", help="The run's project on the Pluto server; by default that of wandb.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(run: Path, project: str | None, as_json: bool) -> None:
    """Show what differs between a run's local wandb record and the same run on the Pluto server.

    RUN is a directory such as wandb/run-20260101_000000-abc or wandb/latest-run, or the .wandb file in it. Compared are
    the history (keys, steps, values), config, summary, name, notes, tags, media, saved files, artifacts and how the
    run ended. The exit code is 0 when nothing differs, 1 when something does, 2 when the two cannot be compared, and 3
    when nothing differs but some values were compared by name only.

    Example: wandb-compat compare wandb/latest-run
    """
    from wandb_compat.cli.compare_pluto import CannotCompare
    from wandb_compat.cli.compare_report import show  # slow to import, and not needed for --help
    from wandb_compat.cli.compare_runs import compare

    try:
        report = compare(run, project)
    except click.ClickException:
        raise
    except Exception as error:  # exit code 1 would mean that the two differ
        raise CannotCompare(f"the comparison failed: {type(error).__name__}: {error}") from error
    if as_json:
        document = {**asdict(report), "same": report.same, "exit_code": report.exit_code}
        for part in document["parts"].values():
            del part["loose"], part["stored"]
        click.echo(json.dumps(document, default=str))
    else:
        show(report)
    sys.exit(report.exit_code)

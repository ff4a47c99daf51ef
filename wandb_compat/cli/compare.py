"""`wandb-compat compare`: compares what the real wandb has recorded of a run with its copy in Pluto."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from wandb_compat.cli import compare_parts, wandb_file
from wandb_compat.cli.compare_pluto import CannotCompare, PlutoRun
from wandb_compat.cli.compare_report import Report, show
from wandb_compat.cli.run_dirs import RunDir
from wandb_compat.cli.wandb_file import NotAWandbFile
from wandb_compat.config.settings import Settings
from wandb_compat.spool.layout import DUAL_DIR


@click.command(short_help="Compare a local wandb run with its Pluto copy.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--project", help="The run's project on the Pluto server; by default that of wandb.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(run: Path, project: str | None, as_json: bool) -> None:
    """Show what differs between a run's local wandb record and the same run on the Pluto server.

    RUN is a directory such as wandb/run-20260101_000000-abc or wandb/latest-run, or the .wandb file in it. Compared are
    the history (keys, steps, values), config, summary, name, notes, tags, media, saved files, artifacts and how the
    run ended. The exit code is 0 when nothing differs, 1 when something does, and 2 when the two cannot be compared.
    """
    report = compare(run, project)
    if as_json:
        document = {**asdict(report), "same": report.same}
        for part in document["parts"].values():
            del part["loose"]
        click.echo(json.dumps(document, default=str))
    else:
        show(report)
    sys.exit(0 if report.same else 1)


def compare(path: Path, project: str | None = None, *, run_id: str | None = None, loose: str = "") -> Report:
    """Compare a run's local record with what the Pluto server has of it.

    Args:
        path: as `wandb_file.locate` takes it.
        project: the project in Pluto; by default the one that dual mode has used.
        run_id: the run's id in Pluto, by default its own; another execution of the same script has a different one.
        loose: regular expression for names whose values may differ: both sides must have the name.

    Raises:
        CannotCompare: the record, the run in Pluto, the key or the server is missing.
    """
    try:
        files = wandb_file.locate(path)
        recorded = wandb_file.read(files)
    except (NotAWandbFile, OSError) as error:
        raise CannotCompare(
            f"{error}" if isinstance(error, NotAWandbFile) else f"{path} cannot be read: {error}"
        ) from None
    if not recorded.id:
        raise CannotCompare(f"{path} contains no run, only damaged or unfinished bytes")
    settings = Settings.read()[0]
    dual_dir = files[-1].parent / DUAL_DIR
    start = RunDir.at(dual_dir).start if dual_dir.is_dir() else None
    project = project or (start.project if start else settings.project(recorded.project or None))
    pluto = PlutoRun(settings, project, run_id or recorded.id)
    notes = list(pluto.notes)
    if recorded.damaged:
        notes.append(f"{recorded.damaged} parts of wandb's record are damaged or incomplete and were skipped")
    parts = {
        "history": compare_parts.compare_history(recorded, pluto, notes, loose),
        "config": compare_parts.compare_config(recorded, pluto, loose),
        "summary": compare_parts.compare_summary(recorded, pluto, loose),
        "description": compare_parts.compare_description(recorded, pluto),
        "media": compare_parts.compare_media(recorded, pluto),
        "files": compare_parts.compare_files(recorded, pluto, loose),
        "artifacts": compare_parts.compare_artifacts(recorded, pluto, loose),
        "end": compare_parts.compare_end(recorded, pluto),
    }
    return Report(recorded.id, str(pluto.run["displayId"]), str(pluto.run.get("url") or ""), parts, notes)

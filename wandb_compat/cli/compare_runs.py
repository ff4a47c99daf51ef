"""Compares what the real wandb has recorded of a run with its copy in Pluto."""

from __future__ import annotations

from pathlib import Path
from time import sleep, time
from typing import Any

from wandb_compat.cli import compare_parts, wandb_file
from wandb_compat.cli.compare_content import Content, compare_artifacts, compare_files, compare_media
from wandb_compat.cli.compare_documents import compare_documents
from wandb_compat.cli.compare_pluto import CannotCompare, PlutoRun
from wandb_compat.cli.compare_report import ABSENT, Report
from wandb_compat.cli.run_dirs import RunDir
from wandb_compat.cli.wandb_file import NotAWandbFile
from wandb_compat.config.settings import Settings
from wandb_compat.run import previous_run
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.layout import DUAL_DIR
from wandb_compat.spool.status import State
from wandb_compat.uploader.restarts import STORE_TIME

VERIFIED = {
    "yes": "verified: what this machine sent was read back from the server",
    "not yet": "not verified yet: what the server has lost is still going to be sent again",
    "accepted": "accepted and not verified: this server cannot be asked for what it stored",
}


def compare(
    path: Path, project: str | None = None, *, run_id: str | None = None, loose: str = "", whole: bool = False
) -> Report:
    """Compare a run's local record with what the Pluto server has of it.

    Args:
        path: as `wandb_file.locate` takes it.
        project: the project in Pluto; by default the one that dual mode has used.
        run_id: the run's id in Pluto, by default its own; another execution of the same script has a different one.
        loose: regular expression for names whose values may differ: both sides must have the name.
        whole: whether files are compared by digest, for which they are downloaded; otherwise by size.

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
    _await_storage(dual_dir)
    project = project or (start.project if start else settings.project(recorded.project or None))
    pluto = PlutoRun(settings, project, run_id or recorded.id)
    notes = pluto.notes
    if recorded.damaged:
        notes.append(f"{recorded.damaged} parts of wandb's record are damaged or incomplete and were skipped")
    state = State.read(dual_dir)
    if state is not None and state.run is not None:
        notes.append(VERIFIED[state.verified])
        if state.healed:
            notes.append(f"{state.healed_in_words}; it has been sent again")
    online = not files[-1].parent.name.startswith("offline-")
    folders = [file.parent / "files" for file in files if (file.parent / "files").is_dir()]
    same_run = run_id in (None, recorded.id)
    content = Content(pluto, folders, whole, same_run)
    numbers, numeric = compare_parts.compare_numbers(recorded, pluto, notes, loose)
    values, tables = compare_documents(recorded, content, numeric, loose)
    parts = {
        "numbers": numbers,
        "texts and histograms": values,
        "tables": tables,
        "config": compare_parts.compare_config(recorded, pluto, loose),
        "summary": compare_parts.compare_summary(recorded, pluto, loose),
        "description": compare_parts.compare_description(recorded, pluto),
        "media": compare_media(recorded, content),
        "files": compare_files(recorded, content, loose),
        "artifacts": compare_artifacts(recorded, content, loose, online=online),
        "console": compare_parts.compare_console(recorded, pluto, same_run=same_run),
        "definitions": compare_parts.compare_definitions(recorded, pluto, _charts(dual_dir)),
        "end": compare_parts.compare_end(recorded, pluto),
    }
    if dual_dir.is_dir():
        for one in (one for part in parts.values() for one in part.differences if one.pluto is ABSENT):
            one.heal = f"wandb-compat sync --verify {dual_dir}"
    return Report(recorded.id, str(pluto.run["displayId"]), str(pluto.run.get("url") or ""), parts, notes)


def _charts(dual_dir: Path) -> dict[str, Any]:
    """Return the descriptions of custom charts that the journal of dual mode still holds, by key."""
    known = previous_run.from_run_dir(dual_dir) if dual_dir.is_dir() else None
    charts = known.extra.get("custom_charts") if known is not None else None
    return {str(one.get("key")): one for one in charts or [] if isinstance(one, dict)}


def _await_storage(dual_dir: Path) -> None:
    """Wait until a server has stored what it acknowledged a moment ago; nothing where that was seen already."""
    if dual_dir.is_dir():
        acknowledged = max((one.last / 1000 for one in Offsets(dual_dir).unstored()), default=0.0)
        sleep(min(STORE_TIME, max(0.0, acknowledged + STORE_TIME - time())))

"""Tells the inputs of `wandb-compat import` apart, and gives each to what imports it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from wandb_compat.cli import copy_runs, sync_runs, wandb_import
from wandb_compat.cli.copy_runs import Copier, Outcome
from wandb_compat.cli.run_dirs import RunDir, find_run_dirs
from wandb_compat.cli.sync import PATIENCE
from wandb_compat.config.settings import Settings
from wandb_compat.server.storage.folder_reader import FolderReader, NoDataFolder, is_data_folder
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.system.atomic_write import atomic_write
from wandb_compat.wire.endpoints import VARIABLES, Endpoints, resolve
from wandb_compat.wire.run_content import RunReader

EXPORTED = "*/*/runs/*/run.json"  # in an export of `pluto migrate wandb export`: ENTITY/PROJECT/runs/RUN/run.json
CREATED = ("created_at", "createdAt")  # fields of such a file


class Choice(NamedTuple):
    """Which runs to import, and how. `since` is a local time, None for all runs."""

    dry_run: bool = False
    projects: tuple[str, ...] = ()
    since: datetime | None = None
    jobs: int = 4
    again: bool = False
    trust: bool = False

    def takes(self, project: str, created: float | None) -> bool:
        """Return whether a run is meant, by its project and when it was created (ms); one without a time is."""
        if self.projects and project not in self.projects:
            return False
        return self.since_ms is None or created is None or created >= self.since_ms

    @property
    def since_ms(self) -> int | None:
        """`since` in milliseconds since the epoch."""
        return None if self.since is None else int(self.since.timestamp() * 1000)


def import_all(paths: Sequence[Path], to: str | None, choice: Choice) -> int:
    """Import what paths name to the configured server, or to another one; return the exit code.

    Args:
        paths: data folders, exports of `pluto migrate`, run directories and directories above some.
        to: URL of the server; None for the configured one.
        choice: which runs.

    Raises:
        click.ClickException: the key is missing, or the URLs are incomplete.
    """
    key = sync_runs.require_key()
    config = WorkerConfig.of(Settings.read()[0])._replace(linger=PATIENCE)
    config = sync_runs.config_for(config, to)
    run_dirs, code = list[Path](), 0
    for path in paths:
        if is_data_folder(path):
            code = _import_folder(path, key, config, choice) or code
        elif is_export(path):
            code = _load_export(path, key, config, choice) or code
        else:
            run_dirs.append(path)
    if run_dirs:
        code = _import_run_dirs(run_dirs, to, resolve(config.urls), choice) or code
    return code


def is_export(directory: Path) -> bool:
    """Return whether a directory is an export of `pluto migrate wandb export`."""
    return next(directory.glob(EXPORTED), None) is not None


def _import_folder(path: Path, key: str, config: WorkerConfig, choice: Choice) -> int:
    try:
        reader = FolderReader(path)
    except NoDataFolder as error:
        click.echo(f"{error}", err=True)
        return 1
    return copy_all(reader, (str(path.resolve()), resolve(config.urls).api), key, config, choice)


def copy_all(reader: RunReader, ends: tuple[str, str], key: str, config: WorkerConfig, choice: Choice) -> int:
    """Copy runs of a source to the configured server, print what became of each, and return the exit code.

    Args:
        reader: reads the source.
        ends: what tells source and target apart from others: a path or a URL.
        key: of the server.
        config: with the server's URLs.
        choice: which runs.
    """
    try:
        wanted, everything, outcomes = copy_runs.select(reader.runs(), choice.takes)
        if choice.dry_run:
            outcomes += [Outcome(run, "would be copied") for run in wanted]
        elif wanted:
            copier = Copier(reader, _working_folder(*ends), key, config, again=choice.again)
            outcomes += copier.copy(wanted, everything, choice.jobs)
    finally:
        reader.close()
    copy_runs.show_table(outcomes)
    if reader.lacks and outcomes:
        click.echo(f"The source does not give back, so the copy lacks: {', '.join(reader.lacks)}.")
    return copy_runs.exit_code(outcomes)


def _working_folder(source: str, target: str) -> Path:
    """Return the folder that notes what was copied from a source to a target."""
    name = hashlib.sha256(f"{source}\n{target}".encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return Settings.read()[0].root() / "wandb" / f"import-{name}"


def _load_export(path: Path, key: str, config: WorkerConfig, choice: Choice) -> int:
    """Let pluto-ml load an export: it knows its form best, and marks what it has loaded."""
    options = [part for project in choice.projects for part in ("--project", project)]
    if choice.since is not None:
        wanted = [run for run, project, created in _exported(path) if choice.takes(project, created)]
        if not wanted:
            click.echo(f"{path}: no run that is wanted")
            return 0
        options += [part for run in wanted for part in ("--run-id", run)]
    options += ["--dry-run"] if choice.dry_run else ["--workers", str(choice.jobs)]
    command = [sys.executable, "-m", "pluto", "migrate", "wandb", "load", "--input", str(path), *options]
    urls = dict(zip(VARIABLES, resolve(config.urls), strict=True))
    return subprocess.run(command, env={**os.environ, **urls, "PLUTO_API_KEY": key}).returncode


def _exported(path: Path) -> Iterator[tuple[str, str, float | None]]:
    """Yield id, project and time of creation (ms) of each run of an export."""
    for file in sorted(path.glob(EXPORTED)):
        try:
            found: Any = json.loads(file.read_bytes())
            stamp = next((found[name] for name in CREATED if found.get(name)), None)
            created = None if stamp is None else datetime.fromisoformat(str(stamp).replace("Z", "+00:00")).timestamp()
            yield str(found["run_id"]), str(found["project"]), None if created is None else created * 1000
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            click.echo(f"{file}: skipped: {type(error).__name__}: {error}", err=True)


def _import_run_dirs(paths: Sequence[Path], to: str | None, server: Endpoints, choice: Choice) -> int:
    found, code = list[Path](), 0
    for path in paths:
        try:
            below = find_run_dirs(path)
        except click.ClickException as error:
            click.echo(error.message, err=True)
            code = 1
            continue
        if not below:
            click.echo(f"{path}: no run directory, data folder or export of `pluto migrate` here", err=True)
            code = 1
        for one in below:
            try:
                recorded = wandb_import.is_recorded(one.path)
                made = _of_real_wandb(one.path, server, choice) if recorded else [_not_delivered(one, server)]
            except (OSError, ValueError) as error:
                click.echo(f"{one}: {error}", err=True)
                code = 1
                continue
            found += [run_dir for run_dir in made if _is_wanted(RunDir.at(run_dir), choice)]
    if not found:
        return code
    options = sync_runs.Options(to=to, trust=choice.trust)
    return (
        sync_runs.deliver(tuple(found), dry_run=choice.dry_run, patience=PATIENCE, jobs=choice.jobs, options=options)
        or code
    )


def _not_delivered(run_dir: RunDir, server: Endpoints) -> Path:
    """Return the path of a run directory of ours.

    Raises:
        ValueError: another server has it, and its journal is no longer here.
    """
    if (other := sync_runs.delivered_elsewhere(run_dir, server)) is not None:
        raise ValueError(
            f"it belongs to the Pluto server at {other} and is no longer here: import that server's data folder, or"
            " export its project"
        )
    return run_dir.path


def _of_real_wandb(path: Path, server: Endpoints, choice: Choice) -> list[Path]:
    """Return run directories with what the real wandb has recorded of a run, made when they are first wanted.

    A record that has grown since gets one more, with what is new. None of a run that is not wanted.
    """
    files = sorted(path.glob("run-*.wandb"))
    state = [f"{file.name} {file.stat().st_size}" for file in files] + ["trusted"] * choice.trust
    folder = _working_folder(str(path.resolve()), server.api)
    note = folder / "parts.json"
    known: dict[str, Any] = json.loads(note.read_bytes()) if note.exists() else {"states": [], "after": {}}
    parts = [folder / f"run-{path.name}-{number}" for number, _ in enumerate(known["states"], 1)]
    if state in known["states"]:
        return parts
    recorded = wandb_import.RecordedImport(files, trusted=choice.trust)
    if not recorded.run.id:
        raise ValueError("contains no run, only damaged or unfinished bytes")
    if not choice.takes(recorded.project, recorded.created):
        return []
    if choice.dry_run:
        click.echo(f"{path}: would import {len(recorded.run.rows)} rows as run {recorded.run.id} of {recorded.project}")
        return []
    draft, run_dir = folder / "draft", folder / f"run-{path.name}-{len(parts) + 1}"
    for left in (draft, run_dir):  # by a call that was cut off
        shutil.rmtree(left, ignore_errors=True)
    after = recorded.write(draft, known["after"])
    draft.rename(run_dir)
    atomic_write(note, json.dumps({"states": [*known["states"], state], "after": after}))
    for one in recorded.lost:
        click.echo(f"{path}: not imported: {one}", err=True)
    return [*parts, run_dir]


def _is_wanted(run_dir: RunDir, choice: Choice) -> bool:
    return run_dir.start is None or choice.takes(run_dir.start.project, run_dir.start.time)

"""Copies runs from one server to another: several at once, each through a run directory, and continued when cut off.

What was copied is noted in a working folder, a JSON file for each run. A run whose source has not changed since is left
alone; of one that has, what is only added to (texts, console lines, files) is read from where the last copy ended.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import click

from wandb_compat.cli import copy_journal
from wandb_compat.cli.copy_journal import Counts
from wandb_compat.cli.run_dirs import RunDir
from wandb_compat.cli.sync_progress import Begin, Show, logs_of_runs, progress_bars
from wandb_compat.cli.sync_runs import VERIFY_TIME
from wandb_compat.run import previous_run
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.system.atomic_write import atomic_write
from wandb_compat.uploader.run_logs import current_run_dir
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.uploader.worker import Worker
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import PlutoError
from wandb_compat.wire.models import STATUS, create_body, document
from wandb_compat.wire.names import project_name
from wandb_compat.wire.run_content import DamagedRun, Mark, RunFields, RunReader

COPY = "copy"  # in the logger settings of a copied run: the version of the source that it was made from
RUNNING = "RUNNING"
NAMED = 3  # things of a kind that a note names

Result = Literal["copied", "nothing to do", "would be copied", "on the server already", "incomplete", "failed"]
GOOD: tuple[Result, ...] = ("copied", "nothing to do", "would be copied")


@dataclass(slots=True)
class Outcome:
    """What became of one run; `note` is for the user."""

    run: RunFields | None
    result: Result
    counts: Counts = field(default_factory=Counts)
    note: str = ""
    url: str = ""


@dataclass(slots=True)
class Note:
    """What the working folder knows of a run: `state` of the last `part`, and how far the source was read for it."""

    state: Literal["created", "written", "done"]
    part: int = 0
    version: str = ""
    mark: Mark = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Note | None:
        """Return a note, None when none exists or it is damaged."""
        try:
            return cls(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Replace a note."""
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, json.dumps(asdict(self)))


class Target:
    """The server to copy to: creates runs when they are first needed, and knows their numbers.

    May be used by several threads.
    """

    def __init__(self, client: Client, work: Path, runs: Iterable[RunFields], selected: set[int]) -> None:
        self.client = client
        self._work = work
        self._runs = {run.number: run for run in runs}
        self._selected = selected
        self._numbers: dict[int, int] = {}
        self._lock = threading.RLock()

    def note_path(self, number: int) -> Path:
        """Return the path of the note of a run."""
        return self._work / f"run-{number}.json"

    def number(self, number: int) -> int:
        """Return the target's number of a run, 0 if it is not there and is not to be copied.

        Raises:
            WireError: the server did not answer.
        """
        with self._lock:
            if number not in self._numbers:
                self._numbers[number] = self._find_or_create(number)
            return self._numbers[number]

    def find(self, run: RunFields) -> int | None:
        """Return the target's number of a run that is there.

        Raises:
            WireError: the server did not answer.
        """
        with self._lock:
            return previous_run.number_of(self.client, run.project, copy_journal.start_of(run).id)

    def _find_or_create(self, number: int) -> int:
        run = self._runs.get(number)
        if run is None:
            return 0
        if (there := self.find(run)) is not None or number not in self._selected:
            return there or 0
        start, parent = copy_journal.start_of(run), None
        if run.parent is not None and run.fork_step is not None:
            parent = self.number(run.parent) or None
            start = replace(start, fork=(str(run.parent), run.fork_step))
        settings = {**run.settings, COPY: run.version}
        body = create_body(start, parent, project_name(run.project))
        created = self.client.create({**body, "loggerSettings": document(settings)}).run
        Note("created").write(self.note_path(number))
        return created


class Copier:
    """Copies runs of one source to one server.

    Args:
        reader: reads the source.
        work: the working folder.
        key: of the server.
        config: of the uploader, with complete URLs.
        again: whether runs that are on the server, and that no copy from here has brought, are sent too.
    """

    def __init__(self, reader: RunReader, work: Path, key: str, config: WorkerConfig, *, again: bool = False) -> None:
        self._reader = reader
        self._work = work
        self._key = key
        self._config = config
        self._again = again

    def copy(self, runs: list[RunFields], everything: list[RunFields], jobs: int) -> list[Outcome]:
        """Copy runs; return what became of each.

        Args:
            runs: those to copy.
            everything: all runs of the source, to which artifacts of the others may refer.
            jobs: runs to copy at once.
        """
        client = Client(resolve(self._config.urls), self._key)
        self._target = Target(client, self._work, everything, {run.number for run in runs})
        with progress_bars(len(runs)) as begin, logs_of_runs(), ThreadPoolExecutor(jobs, "copy") as pool:
            return list(pool.map(lambda run: self._copy(run, begin), runs))

    def _copy(self, run: RunFields, begin: Begin) -> Outcome:
        try:
            return self._try_copy(run, begin)
        except (PlutoError, DamagedRun, OSError) as error:
            return Outcome(run, "failed", note=str(error))

    def _try_copy(self, run: RunFields, begin: Begin) -> Outcome:
        path = self._target.note_path(run.number)
        note = Note.read(path)
        if note is not None and note.state == "done" and note.version == run.version:
            return Outcome(run, "nothing to do", Counts(**note.counts))
        if note is None and (there := self._target.find(run)) is not None:
            if self._is_copied(run, there):
                Note("done", 0, run.version, self._reader.mark(run.number)).write(path)
                return Outcome(run, "nothing to do", note="copied from another folder or machine before")
            if not self._again:
                return Outcome(run, "on the server already", note="another client has written it there; see --again")
        if note is None or note.state != "written":
            note = self._write(run, note)
            note.write(path)
        outcome = self._deliver(run, note, begin)
        if outcome.result == "copied":
            replace(note, state="done").write(path)
        return outcome

    def _is_copied(self, run: RunFields, there: int) -> bool:
        """Return whether a run of the server is a complete copy of the source as it is now."""
        details = self._target.client.details(there, run.project)
        settings = details.get("loggerSettings")
        made_from = settings.get(COPY) if isinstance(settings, dict) else None
        return made_from == run.version and details.get("status") == run.status

    def _write(self, run: RunFields, before: Note | None) -> Note:
        """Write the run directory of the next part; one that was cut off while it was written is not there yet."""
        part = before.part + 1 if before is not None else 1
        draft = self._work / f"run-{run.number}-{part}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        mark = self._reader.mark(run.number)
        after = before.mark if before is not None else {}
        try:
            counts = copy_journal.write(self._reader, run, draft, after, self._target.number)
            self._target.number(run.number)  # not before: nothing is created for a run that cannot be read
            draft.rename(self._run_dir(run, part))
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return Note("written", part, run.version, mark, asdict(counts))

    def _run_dir(self, run: RunFields, part: int) -> Path:
        return self._work / f"run-{run.number}-{part}"

    def _deliver(self, run: RunFields, note: Note, begin: Begin) -> Outcome:
        run_dir = RunDir.at(self._run_dir(run, note.part))
        current_run_dir.set(run_dir.path)
        counts = Counts(**note.counts)
        show: Show
        with begin(run_dir) as show:
            worker = Worker(
                run_dir.path, self._key, self._config, trainer=Trainer(None), follow=False, verify=VERIFY_TIME
            )
            state = worker.run(show)
        url, offsets = state.url or "", Offsets(run_dir.path)
        if state.phase != "done":
            return Outcome(run, "failed", counts, f"{state.trouble or 'not delivered'}; call again to continue", url)
        if state.run is not None and run.status != RUNNING:
            self._end(run, state.run)
        if state.unverified:
            lack = f"{state.unverified} parts are not stored on the server yet; call again to check"
            return Outcome(run, "incomplete", counts, lack, url)
        if offsets.refused:
            lack = f"the server refused {len(offsets.refused)} records: {offsets.refusal_reasons}"
            return Outcome(run, "incomplete", counts, f"{lack} (see {run_dir}/logs/uploader.log)", url)
        if counts.damaged:
            return Outcome(run, "incomplete", counts, "; ".join(counts.damaged[:NAMED]), url)
        kinds = {
            "announced files have no bytes in the source": counts.missing,
            "entries of files are replaced by those of a later step": counts.replaced,
        }
        notes = [f"{len(found)} {what}: {', '.join(found[:NAMED])}" for what, found in kinds.items() if found]
        return Outcome(run, "copied", counts, "; ".join(notes), url)

    def _end(self, run: RunFields, number: int) -> None:
        """Give the copy the status, the reason for it, its time and the notes of the source.

        A server lets only a worse status replace another one, and fails a run that sent nothing for a while.
        """
        client = Client(resolve(self._config.urls), self._key)
        details = client.details(number, run.project)
        if details.get("status") in STATUS.values() and details.get("status") != run.status:
            client.resume({"runId": number})
        if run.status in (*STATUS.values(), "CANCELLED"):
            client.set_status(number, run.status, run.ended or run.created, run.reason)
        if run.notes is not None and run.notes != details.get("notes"):
            client.update_notes(number, run.notes)
        client.close()


def select(
    found: Iterable[RunFields | DamagedRun], takes: Callable[[str, float | None], bool]
) -> tuple[list[RunFields], list[RunFields], list[Outcome]]:
    """Return the runs to copy, all runs that can be read, and those that cannot be read.

    Args:
        found: what a reader gives.
        takes: whether a run is wanted, by its project and when it was created (ms).
    """
    everything, broken = list[RunFields](), list[Outcome]()
    for one in found:
        if isinstance(one, DamagedRun):
            broken.append(Outcome(None, "failed", note=str(one)))
        else:
            everything.append(one)
    return [run for run in everything if takes(run.project, run.created)], everything, broken


def show_table(outcomes: list[Outcome]) -> None:
    """Print what became of each run, and then how many of each there are."""
    from collections import Counter

    from rich.table import Table

    from wandb_compat.cli.table_console import table_console

    table = Table(
        "project",
        "run",
        "name",
        "status",
        "rows",
        "values",
        "console",
        "files",
        "result",
        "url",
        box=None,
        pad_edge=False,
    )
    for one in outcomes:
        if one.run is not None:
            counts = one.counts
            numbers = [str(count) for count in (counts.rows, counts.values, counts.console, counts.files)]
            run_id = one.run.id or one.run.display_id
            table.add_row(one.run.project, run_id, one.run.name, one.run.status, *numbers, one.result, one.url)
    if table.row_count:
        table_console().print(table)
    for one in outcomes:
        if one.note:
            name = f"{one.run.project}/{one.run.id or one.run.display_id}: " if one.run is not None else ""
            click.echo(f"{name}{one.note}", err=one.result not in GOOD)
    counted = Counter(one.result for one in outcomes)
    click.echo(f"{len(outcomes)} runs: {', '.join(f'{count} {result}' for result, count in counted.items())}")


def exit_code(outcomes: list[Outcome]) -> int:
    """Return 0 when the server has all runs, otherwise 1."""
    return 0 if all(one.result in GOOD for one in outcomes) else 1

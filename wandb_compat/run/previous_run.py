"""State of a previous run that is resumed or forked: from the journals in a directory, and from the server."""

from __future__ import annotations

import contextlib
import glob
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb_compat.config.limits import HIGHEST_STEP, NAME_LIMIT
from wandb_compat.run.identity import RUN_ID, TARGET
from wandb_compat.spool import journal, records
from wandb_compat.wire.config_merge import REMOVED, merge, without_nulls, without_removed
from wandb_compat.wire.exact_numbers import restored
from wandb_compat.wire.names import is_machine_metric, project_name

if TYPE_CHECKING:
    from wandb_compat.wire.client import Client

OURS = "wandb"  # key of a run's configuration on the server under which everything else is stored
_TAIL = 4 * 1024**2  # bytes at the end of each file in which the last step is looked for
_SERIES = 100  # metrics whose statistics a server gives in one answer
_STEP = re.compile(rb'\x1e[0-9a-f]{8} (?:row|data) [^\x1e\n]*?"step":(\d+)')
_TIME = re.compile(rb'\x1e[0-9a-f]{8} (?:row|data) \{"time":\s?(\d+)')
_LINE = re.compile(rb'\x1e[0-9a-f]{8} console [^\x1e\n]*"lineNumber":\s?(\d+)')
_CONFIG = journal.pattern(b"config")
_DESCRIPTIONS = re.compile(rb"\x1e[0-9a-f]{8} (?:start|config|tags) [^\x1e\n]*\n")


@dataclass(slots=True)
class PreviousRun:
    """A previous run, or the previous part of this one.

    `last_step` is -1 without rows, `last_time` that of the newest row in ms since the epoch, 0 without one, `last_line`
    the highest number of a console line, and `runtime` is in seconds.
    """

    last_step: int = -1
    last_time: int = 0
    last_line: int = 0
    runtime: float = 0.0
    name: str | None = None
    config: dict[str, Any] = field(default_factory=dict)  # as the server has it, with OURS
    tags: list[str] = field(default_factory=list)

    @property
    def extra(self) -> dict[str, Any]:
        """What the server keeps in the configuration besides the script's own: summary, notes, metrics…"""
        extra = self.config.get(OURS)
        return extra if isinstance(extra, dict) else {}

    @property
    def values(self) -> dict[str, Any]:
        """The script's own configuration."""
        own = {key: value for key, value in self.config.items() if key != OURS}
        return without_removed(own, self.extra.get(REMOVED))

    @property
    def summary(self) -> dict[str, Any]:
        """The last summary that was published, without `_step` and the like."""
        return {key: value for key, value in without_nulls(self._summary()).items() if not key.startswith("_")}

    def _summary(self) -> dict[str, Any]:
        summary = self.extra.get("summary")
        return summary if isinstance(summary, dict) else {}

    def complete(self) -> PreviousRun:
        """Set step, time and runtime from the summary, if it has them."""
        step, runtime = self._summary().get("_step"), self._summary().get("_runtime")
        if isinstance(step, int):
            self.last_step = max(self.last_step, step)
        if isinstance(runtime, (int, float)):
            self.runtime = float(runtime)
        timestamp = self._summary().get("_timestamp")
        if isinstance(timestamp, (int, float)) and 0 < timestamp < HIGHEST_STEP / 1000:
            self.last_time = max(self.last_time, int(timestamp * 1000))
        return self


def join_sources(known: Iterable[PreviousRun | None]) -> PreviousRun | None:
    """Return the state from several sources, later ones win over earlier ones; None when no source knows the run."""
    whole: PreviousRun | None = None
    for one in known:
        if one is None:
            continue
        if whole is None:
            whole = PreviousRun()
        whole.last_step = max(whole.last_step, one.last_step)
        whole.last_time = max(whole.last_time, one.last_time)
        whole.last_line = max(whole.last_line, one.last_line)
        whole.runtime = max(whole.runtime, one.runtime)
        whole.name = one.name or whole.name
        merge(whole.config, one.config)
        whole.tags = list(dict.fromkeys((*whole.tags, *one.tags)))
    return whole


def from_journals(directory: Path, run_id: str, project: str) -> PreviousRun | None:
    """Return the state of a run from all its run directories in a directory `wandb`, uploaded or not."""
    heads = directory.glob(f"*run-*/{glob.escape(f'run-{run_id}.wandb')}")
    run_dirs = [head.parent for head in heads if not head.parent.is_symlink()]
    oldest_first = sorted(run_dirs, key=lambda run_dir: run_dir.name.partition("run-")[2])
    return join_sources(from_run_dir(run_dir, project) for run_dir in oldest_first)


def from_run_dir(run_dir: Path, project: str | None = None) -> PreviousRun | None:
    """Return the state of the run in one run directory, or None when it has no run, or one of another project."""
    known, tags, found = PreviousRun(), dict[str, None](), False
    for file in journal.files(run_dir):
        if not file.name.startswith(("run-", "rows-")):
            continue
        try:
            content = file.read_bytes()
        except OSError:  # delivered and deleted meanwhile
            continue
        for entry in (entry for match in _DESCRIPTIONS.finditer(content) for entry in journal.scan(match[0])):
            kind, document = records.decode(entry.line)
            if kind == "start":
                if project is not None and document["project"] != project:
                    return None
                found, known.name = True, document["name"]
                merge(known.config, document["config"])
                tags = dict.fromkeys(document["tags"])
            elif kind == "config":
                merge(known.config, document["values"])
            else:
                tags = dict.fromkeys(document["tags"])
        tail = content[-_TAIL:]
        known.last_step = max(known.last_step, *map(int, _STEP.findall(tail)), -1)
        known.last_time = max(known.last_time, *map(int, _TIME.findall(tail)), 0)
        known.last_line = max(known.last_line, *map(int, _LINE.findall(tail)), 0)
    known.tags = list(tags)
    return known.complete() if found else None


def latest_name(run_dir: Path) -> str | None:
    """Return the last name that a script has given to a run after its start, cut to what a server stores, or None."""
    found: str | None = None
    for entry in _config_entries(run_dir):
        extra = records.decode(entry.line)[1]["values"].get(OURS)
        if isinstance(extra, dict) and isinstance(name := extra.get("name"), str):
            found = name
    return found[:NAME_LIMIT] if found else None


def _config_entries(run_dir: Path) -> Iterator[journal.Entry]:
    for file in journal.files(run_dir):
        with contextlib.suppress(OSError):  # delivered and deleted meanwhile
            for entries, _ in journal.read(file, wanted=_CONFIG):
                yield from entries


def from_server(
    client: Client, project: str, run_id: str, target: str | None = None, *, take: bool
) -> PreviousRun | None:
    """Return the state of a run on the server, or None when it has no such run in the project.

    Args:
        client: of the server.
        project: as the server names it.
        run_id: wandb's id.
        target: PLUTO_RUN_ID, which wins over `run_id`.
        take: whether the run is resumed. A server cannot look up runs of other clients by such an id, it can only
            resume them.

    Raises:
        WireError: the server gives no answer.
    """
    number = _find_number(client, project, run_id, target, take)
    return None if number is None else from_server_number(client, project, number)


def number_of(client: Client, project: str, run_id: str) -> int | None:
    """Return the server's number of the run with wandb's id, or None.

    Raises:
        WireError: the server gives no answer.
    """
    return _find_marked(client, project, RUN_ID, run_id)


def from_server_number(client: Client, project: str, number: int) -> PreviousRun:
    """Return the state of a run on the server by the server's number.

    Raises:
        WireError: the server gives no answer.
    """
    details = client.details(number, project)
    config = details.get("config")
    known = PreviousRun(name=details.get("name"), config=restored(config) if isinstance(config, dict) else {})
    known.tags = [str(tag) for tag in details.get("tags") or []]
    names = [one for one in details.get("logNames") or [] if one.get("logType") == "METRIC"]
    # Measurements of the machine count their own steps.
    groups = {one.get("logGroup") or "" for one in names if not is_machine_metric(one["logName"])}
    # One request where its answer has room for all metrics, else one for each group.
    queries = [{}] if len(names) <= _SERIES else [{"logGroup": group} for group in sorted(groups)]
    for query in queries:
        for metric in client.statistics(number, project, **query):
            if not is_machine_metric(metric["logName"]) and (last := metric.get("last")):
                known.last_step = max(known.last_step, int(last["step"]))
    known.last_line = _last_console_line(client, project, number)
    return known.complete()


def _last_console_line(client: Client, project: str, number: int) -> int:
    """Return the highest number of a console line, 0 without any, or where the server does not count them."""
    from wandb_compat.wire.errors import Refused

    try:
        _, total = client.console(number, project, 1)
        lines, _ = client.console(number, project, 1, total - 1) if total else ([], 0)
    except Refused:
        return 0
    return max((int(line.get("lineNumber") or 0) for line in lines), default=0)


def _find_number(client: Client, project: str, run_id: str, target: str | None, take: bool) -> int | None:
    from wandb_compat.wire import models
    from wandb_compat.wire.errors import Refused

    body = models.resume_body(target) if target else None
    try:
        if body is not None:
            known = client.details(body["runId"]) if "runId" in body else client.details(body["displayId"], project)
            return int(known["id"])
        found = _find_marked(client, project, TARGET if target else RUN_ID, target or run_id)
        if found is None and take:
            body = {"externalId": (target or run_id)[:NAME_LIMIT], "projectName": project_name(project)}
            found = client.resume(body).run
        return found
    except Refused as error:
        if error.status == 404:
            return None
        raise


def _find_marked(client: Client, project: str, mark: str, value: str) -> int | None:
    # The server compares `1` and `1.0` as numbers, so compare the details as text.
    for number in client.runs(project, {f"systemMetadata.{mark}": value})[:8]:
        if (client.details(number, project).get("systemMetadata") or {}).get(mark) == value:
            return number
    return None

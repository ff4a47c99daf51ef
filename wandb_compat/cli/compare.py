"""`wandb-compat compare`: sets what the real wandb has recorded of a run against what Pluto has of it."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from wandb_compat.artifacts.paths import file_key
from wandb_compat.cli import wandb_file
from wandb_compat.cli.run_folders import MIRROR, Folder
from wandb_compat.cli.wandb_file import NotRecorded, Recorded
from wandb_compat.config import credentials
from wandb_compat.config.limits import STRING_LIMIT
from wandb_compat.config.settings import Settings
from wandb_compat.convert.convert_row import SEPARATE_NUMBERS
from wandb_compat.run.identity import RUN_ID
from wandb_compat.run.server_fields import cut_name, server_tags
from wandb_compat.spool import records
from wandb_compat.spool.notifier import CallbackNotifier
from wandb_compat.wire.client import reach
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import EndpointError, WireError
from wandb_compat.wire.json_numbers import NAMES as NAMES_OF_NUMBERS
from wandb_compat.wire.json_numbers import flagged_number
from wandb_compat.wire.names import printable

WINDOW = 5000  # steps asked for at once; of more than POINTS a server answers with a sample
POINTS = 10_000
FILES = 1000  # files in one answer
SHOWN = 20  # rows of the table of differences
OWN = ("_wandb", "_runtime", "_timestamp", "_step")  # what wandb adds to history, configuration and summary
SYSTEM = "sys/"  # what Pluto's client measures of the machine
# By wandb's type of a value, how many files Pluto keeps of one.
PICTURES = {"image-file": 1, "audio-file": 1, "video-file": 1}
SEVERAL = {"images/separated": "count", "audio": "count", "videos": "count"}
INTERNAL = (
    "run_table",
    "job",
    "wandb-history",
)  # artifacts in which wandb itself keeps things that Pluto has elsewhere


class CannotCompare(click.ClickException):
    """One of the two sides is missing."""

    exit_code = 2


@dataclass(slots=True)
class Difference:
    """What differs, and what each side has; `steps` counts the steps concerned, where it is about history."""

    what: str
    wandb: Any
    pluto: Any
    steps: int | None = None


@dataclass(slots=True)
class Part:
    """One part of a run: how many things were compared and which differ."""

    compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    loose: str = ""

    def check(self, what: str, wandb: Any, pluto: Any) -> None:
        """Compare one thing."""
        self.compared += 1
        if not self.same(what, wandb, pluto):
            self.differences.append(Difference(what, wandb, pluto))

    def same(self, what: str, wandb: Any, pluto: Any) -> bool:
        """Whether both sides have the same, or, of what is loose, have it, of lists as many."""
        if self.loose and re.fullmatch(self.loose, what):
            counts = [len(one) if isinstance(one, list) else int(one is not ABSENT) for one in (wandb, pluto)]
            return counts[0] == counts[1]
        return equal(wandb, pluto)

    def check_all(self, wandb: Mapping[str, Any], pluto: Mapping[str, Any]) -> None:
        """Compare two dicts key by key."""
        for key in sorted({*wandb, *pluto}):
            self.check(key, wandb.get(key, ABSENT), pluto.get(key, ABSENT))


ABSENT = "(absent)"


@dataclass(slots=True)
class Report:
    """The comparison of one run."""

    run: str
    pluto: str
    url: str
    parts: dict[str, Part]
    notes: list[str]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not any(part.differences for part in self.parts.values())


@click.command(short_help="Set what wandb has recorded of a run against what Pluto has.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--project", help="The run's project on the Pluto server, where it is another than wandb's.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(run: Path, project: str | None, as_json: bool) -> None:
    """Show what differs between a run's local wandb record and the same run on the Pluto server.

    RUN is a folder such as wandb/run-20260101_000000-abc or wandb/latest-run, or the .wandb file in it. Compared are
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
        _show(report)
    sys.exit(0 if report.same else 1)


def compare(path: Path, project: str | None = None, *, run_id: str | None = None, loose: str = "") -> Report:
    """Compare a run's local record with what the Pluto server has of it.

    Args:
        path: as `recorded.locate` takes it.
        project: the project in Pluto; by default the one to which dual mode has sent the run.
        run_id: the run's id in Pluto, by default its own. Another execution of the same script has another.
        loose: regular expression for the names of which it is enough that both sides have them, whatever the value.

    Raises:
        CannotCompare: no record, no run in Pluto, no key or no server.
    """
    try:
        files = wandb_file.locate(path)
        told = wandb_file.read(files)
    except (NotRecorded, OSError) as error:
        raise CannotCompare(
            f"{error}" if isinstance(error, NotRecorded) else f"{path} cannot be read: {error}"
        ) from None
    if not told.id:
        raise CannotCompare(f"{path} tells of no run: it holds nothing but damaged or unfinished bytes")
    settings = Settings.read()[0]
    mirror = Folder.at(files[-1].parent / MIRROR).start if (files[-1].parent / MIRROR).is_dir() else None
    project = project or (mirror.project if mirror else settings.project(told.project or None))
    pluto = _Pluto(settings, project, run_id or told.id)
    notes = list(pluto.notes)
    if told.damaged:
        notes.append(f"{told.damaged} stretches of wandb's record are damaged or not complete and were passed over")
    parts = {
        "history": _history(told, pluto, notes, loose),
        "config": _config(told, pluto, loose),
        "summary": _summary(told, pluto, loose),
        "description": _description(told, pluto),
        "media": _media(told, pluto),
        "files": _files(told, pluto, loose),
        "artifacts": _artifacts(told, pluto, loose),
        "end": _end(told, pluto),
    }
    return Report(told.id, str(pluto.run["displayId"]), str(pluto.run.get("url") or ""), parts, notes)


class _Pluto:
    """The run as `pluto.query` reads it, the way in which its user would."""

    def __init__(self, settings: Settings, project: str, run_id: str) -> None:
        credential = credentials.find(post_sunset=True)
        key = credential.reveal() if credential else None
        if key is None:
            raise CannotCompare(f"there is no Pluto key: {credentials.HINT}")
        try:
            api = resolve(settings.urls).api
            reach(api)  # one attempt, before a client that makes several
        except (EndpointError, WireError) as error:
            raise CannotCompare(str(error)) from None
        from pluto.query import Client, QueryError  # dear, and not needed for --help

        self.project = project
        self.notes: list[str] = []
        self._client = Client(api_token=key, host=api)
        try:
            found = self._client.list_runs(project, filters={f"systemMetadata.{RUN_ID}": run_id}, limit=2)
            if not found:
                raise CannotCompare(
                    f"the Pluto server has no run {run_id} in project {project}: name another with --project, or send"
                    " what is still here with `wandb-compat sync`"
                )
            self.number = int(found[0]["id"])
            self.run = self._client.get_run(project, self.number)
        except QueryError as error:
            raise CannotCompare(f"the Pluto server cannot be asked: {error}") from None
        if len(found) > 1:
            self.notes.append(f"project {project} has several runs {run_id}; this is the newest")
        config = self.run.get("config") or {}
        about = config.get("wandb")
        self.about: dict[str, Any] = about if isinstance(about, dict) else {}
        self.config = {key: value for key, value in config.items() if key != "wandb"}
        self.types: dict[str, set[str]] = {}
        for entry in self.run.get("logNames") or ():
            self.types.setdefault(entry["logName"], set()).add(str(entry["logType"]).upper())

    def names(self) -> list[str]:
        """Return the names of the run's metrics."""
        listed = self._client.get_metric_names(self.project, [self.number])
        return sorted({*listed, *(name for name, types in self.types.items() if "METRIC" in types)})

    def points(self, name: str, steps: list[int]) -> tuple[dict[int, float], bool]:
        """Return the values of a metric by step, and whether they are a sample only.

        Args:
            name: of the metric.
            steps: ascending steps at which values are expected; they make the windows that are asked for.
        """
        found: dict[int, float] = {}
        sampled, low = False, 0
        ends: list[int | None] = [steps[place] for place in range(WINDOW, len(steps), WINDOW)]
        for high in (*ends, None):
            rows = self._client.get_metrics(
                self.project, self.number, [name], limit=POINTS, step_min=low, step_max=high
            )
            rows = rows.to_dict("records") if hasattr(rows, "to_dict") else rows  # where pandas is installed
            sampled |= len(rows) >= POINTS
            found.update((int(row["step"]), flagged_number(row)) for row in rows)
            low = (high or 0) + 1
        return found, sampled

    def files(self, key: str | None = None) -> list[dict[str, Any]]:
        """Return the files under a key, or of the whole run."""
        return list(self._client.get_files(self.project, self.number, file_name=key))


# The parts


def _history(told: Recorded, pluto: _Pluto, notes: list[str], loose: str) -> Part:
    part = Part(loose=loose)
    expected: dict[str, dict[int, float]] = {}
    texts: dict[str, int] = {}
    for step, row in told.rows.items():
        for key, value in row.items():
            if key in OWN or value is None:
                continue
            numbers = metrics(key, value)
            for name, number in numbers.items():
                expected.setdefault(name, {})[step] = number
            # A longer text is kept in the summary alone.
            if (
                not numbers
                and not isinstance(value, dict)
                and not (isinstance(value, str) and len(value) > STRING_LIMIT)
            ):
                texts[printable(key)] = texts.get(printable(key), 0) + 1
    steps = sorted(told.rows)
    extra = {name for name in pluto.names() if not name.startswith(SYSTEM)}
    for name in sorted({*expected, *extra}):
        wanted = expected.get(name, {})
        there, sampled = pluto.points(name, steps)
        if sampled:
            notes.append(f"Pluto tells only a sample of the steps of {name}")
        part.compared += len(wanted)
        wrong = sorted(
            step for step in {*wanted, *there} if not part.same(name, wanted.get(step, ABSENT), there.get(step, ABSENT))
        )
        if wrong:
            first = wrong[0]
            part.differences.append(
                Difference(
                    f"{name} at step {first}", wanted.get(first, ABSENT), there.get(first, ABSENT), steps=len(wrong)
                )
            )
    for name, count in sorted(texts.items()):
        part.compared += count
        if not pluto.types.get(name, set()) & {"DATA", "HISTOGRAM", "TEXT"}:
            part.differences.append(Difference(name, f"{count} texts or lists", ABSENT, steps=count))
    return part


def metrics(key: str, value: Any) -> dict[str, float]:
    """Return what Pluto's metrics hold of a logged value: by metric name, and empty where it is no number."""
    if isinstance(value, (bool, int, float)) or value in NAMES_OF_NUMBERS:
        return {printable(key): float(value)}
    if (
        isinstance(value, list)
        and 0 < len(value) <= SEPARATE_NUMBERS
        and all(isinstance(one, (int, float)) for one in value)
    ):
        names = [key] if len(value) == 1 else [f"{key}/{index}" for index in range(len(value))]
        return {printable(name): float(one) for name, one in zip(names, value, strict=True)}
    return {}


def _config(told: Recorded, pluto: _Pluto, loose: str) -> Part:
    part = Part(loose=loose)
    own = told.config.get("wandb")
    part.check_all({key: value for key, value in told.config.items() if key not in (*OWN, "wandb")}, pluto.config)
    if own is not None:
        there = {key: pluto.about[key] for key in own if key in pluto.about} if isinstance(own, dict) else ABSENT
        part.check("wandb", own, there)
    return part


def _summary(told: Recorded, pluto: _Pluto, loose: str) -> Part:
    part = Part(loose=loose)
    there = pluto.about.get("summary")
    part.check_all(
        {key: _kind(value) for key, value in told.summary.items() if key not in OWN and value is not None},
        {key: _kind(value) for key, value in (there if isinstance(there, dict) else {}).items() if key not in OWN},
    )
    return part


def _kind(value: Any) -> Any:
    """Return a value, of media their type only: each side tells the place of its own files."""
    if isinstance(value, dict):
        if isinstance(kind := value.get("_type"), str):
            # A figure of matplotlib's, of which wandb makes one of plotly's where it can, is drawn for Pluto.
            return {"_type": "image-file" if kind == "plotly-file" else kind}
        return {key: _kind(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_kind(one) for one in value]
    return value


def _description(told: Recorded, pluto: _Pluto) -> Part:
    part = Part()
    quiet = CallbackNotifier(lambda level, text: None)
    part.check("name", told.name or told.id, pluto.about.get("name") or pluto.run["name"])
    if not pluto.about.get("name"):
        part.check("name as Pluto shows it", cut_name(told.name or told.id, quiet), pluto.run["name"])
    part.check("notes", told.notes or None, pluto.about.get("notes") or None)
    marks = SimpleNamespace(run_tags=told.tags, run_group=told.group, run_job_type=told.job_type, sweep_id=told.sweep)
    part.check("tags", sorted(server_tags(marks, quiet)), sorted(pluto.run.get("tags") or ()))
    return part


def _media(told: Recorded, pluto: _Pluto) -> Part:
    part = Part()
    counts: dict[str, int] = {}
    others: dict[str, str] = {}
    for row in told.rows.values():
        for key, value in row.items():
            kind = value.get("_type") if isinstance(value, dict) else None
            if kind in PICTURES or kind in SEVERAL:
                counts[key] = counts.get(key, 0) + (PICTURES.get(kind) or int(value.get(SEVERAL[kind], 0)))
            elif kind:
                others[key] = kind
    for key, count in counts.items():
        files = pluto.files(printable(key))
        there = len({(file.get("step"), file.get("sampleIndex")) for file in files})  # a mask is a file more
        part.check(key, f"{count} files", f"{there} files" if len(files) < FILES else f"{count} files")
    everything = {name.partition("~")[0] for name in pluto.types}
    for key, kind in others.items():
        name = printable(key)
        found = any(one == name or one.startswith((f"{name}/", f"{name}.")) for one in everything)
        part.check(key, kind, kind if found else ABSENT)
    return part


def _files(told: Recorded, pluto: _Pluto, loose: str) -> Part:
    part = Part()
    if loose:
        names = (name.removeprefix("save/") for name in pluto.types if name.startswith("save/"))
        counts = [sum(bool(re.fullmatch(loose, path)) for path in paths) for paths in (told.files, names)]
        part.check(loose, f"{counts[0]} files", f"{counts[1]} files")
    for path in told.files:
        if loose and re.fullmatch(loose, path):  # Pluto has it, by another name
            continue
        key, _ = file_key("save", path)
        part.check(path, "saved", "saved" if key in pluto.types or pluto.files(key) else ABSENT)
    return part


def _artifacts(told: Recorded, pluto: _Pluto, loose: str) -> Part:
    part = Part(loose=loose)
    there: dict[str, set[str]] = {}
    for name, entries in (pluto.about.get("artifacts") or {}).items():
        there[name] = {json.loads(text)["digest"] for key, text in entries.items() if isinstance(text, str)}
    expected: dict[str, set[str]] = {}
    for artifact in told.artifacts:
        if artifact.type not in INTERNAL:
            expected.setdefault(artifact.name, set()).add(artifact.digest)
    part.check_all(_sorted(expected), _sorted(there))
    return part


def _sorted(digests: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {name: sorted(found) for name, found in digests.items()}


def _end(told: Recorded, pluto: _Pluto) -> Part:
    part = Part()
    status = str(pluto.run["status"])
    if told.exit is None:  # killed, or still going on
        part.check("state", "not finished", "not finished" if status != "COMPLETED" else status)
    else:
        expected = records.state_of(told.exit).upper()
        # wandb records an interruption in a `with` block as any other failure.
        part.check("state", expected, expected if told.exit and status == "TERMINATED" else status)
    return part


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; NaN is the same as NaN, also by its name, and 1 as 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    one, other = (float(value) if value in NAMES_OF_NUMBERS else value for value in (one, other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)


# What the user sees


def _show(report: Report) -> None:
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=200)
    overview = Table("part", "compared", "differences", box=None, pad_edge=False)
    for name, part in report.parts.items():
        overview.add_row(name, str(part.compared), str(len(part.differences)))
    console.print(overview)
    found = [(name, one) for name, part in report.parts.items() for one in part.differences]
    if found:
        table = Table("part", "what", "wandb", "Pluto", "steps", box=None, pad_edge=False)
        for name, one in found[:SHOWN]:
            table.add_row(name, one.what, str(one.wandb), str(one.pluto), "" if one.steps is None else str(one.steps))
        console.print()
        console.print(table)
        if len(found) > SHOWN:
            console.print(f"… and {len(found) - SHOWN} more: `--json` tells all")
    for note in report.notes:
        console.print(f"Note: {note}")
    where = f"{report.pluto} ({report.url})" if report.url else report.pluto
    if report.same:
        count = sum(part.compared for part in report.parts.values())
        console.print(f"\nSame: run {report.run} is {where} in Pluto, {count} values compared", soft_wrap=True)
    else:
        console.print(
            f"\nDifferent: run {report.run} and {where} in Pluto differ in {len(found)} places", soft_wrap=True
        )

"""The table of `wandb-compat sync --verify`: what the journal holds of a run, beside what the server has stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import click
from rich.table import Table

from wandb_compat.cli.table_console import table_console
from wandb_compat.spool import journal, records
from wandb_compat.spool.delivery_log import LANES, Offsets
from wandb_compat.spool.records import File, Row
from wandb_compat.uploader.read_back import StoredRun, line_of, take
from wandb_compat.wire.errors import Refused, WireError
from wandb_compat.wire.json_numbers import equal

SHOWN = 40  # metrics up to which the table has all of them; of more it has those with a difference
_LANE_OF = {kind: lane for lane, kinds in LANES.items() for kind in kinds}


@dataclass(slots=True)
class Logged:
    """What the journal of a run holds: of metrics the last value of each step."""

    metrics: dict[str, dict[int, float]] = field(default_factory=dict)
    console: list[bytes] = field(default_factory=list)
    files: Counter[tuple[str, str]] = field(default_factory=Counter)
    others: int = 0  # texts, histograms and tables

    @classmethod
    def read(cls, run_dir: Path) -> Logged:
        """Read the journal, without what the server refused."""
        logged, refused = cls(), Offsets(run_dir).refused
        wanted = journal.pattern(b"row", b"console", b"file", b"data")
        for path in journal.files(run_dir):
            for entries, _ in journal.read(path, wanted=wanted):
                for entry in entries:
                    if (_LANE_OF[entry.kind.decode()], crc32(entry.document)) not in refused:
                        logged._add(entry)
        return logged

    def _add(self, entry: journal.Entry) -> None:
        if entry.kind == b"row":
            row = records.parse(Row, entry.document)
            for name, value in row.data.items():
                self.metrics.setdefault(name, {})[row.step] = value
        elif entry.kind == b"console":
            self.console.append(entry.document)
        elif entry.kind == b"file":
            file = records.parse(File, entry.document)
            self.files[file.key, file.name] += 1
        else:
            self.others += 1


@dataclass(slots=True)
class Line:
    """One line of the table: counts, and for metrics the values at both ends as logged."""

    what: str
    logged: int
    stored: int
    ends: tuple[str, str] = ("", "")
    difference: str = ""


def compare(logged: Logged, stored: StoredRun) -> list[Line]:
    """Return what was logged beside what is stored, metric by metric.

    Raises:
        WireError: the server does not answer, or cannot be asked.
    """
    lines = [_metric(name, values, stored) for name, values in sorted(logged.metrics.items())]
    if logged.console:
        there = stored.console(min(line_of(line)[0] for line in logged.console))
        lines.append(_counted("console lines", len(logged.console), sum(take(there, one) for one in logged.console)))
    if logged.files:
        listed, full = stored.files(list(dict.fromkeys(key for key, _ in logged.files)))
        found = sum((key, name) in listed or key in full for key, name in logged.files)
        lines.append(_counted("files", len(logged.files), found))
    return lines


def _counted(what: str, logged: int, stored: int) -> Line:
    return Line(what, logged, stored, difference=f"{logged - stored} missing" if stored < logged else "")


def _metric(name: str, values: dict[int, float], stored: StoredRun) -> Line:
    first, last = min(values), max(values)
    there = stored.values(name, first, last)
    found = sum(step in there for step in values)
    line = _counted(name, len(values), found)
    line.ends = f"{first}: {values[first]:g}", f"{last}: {values[last]:g}"
    for step in (first, last):
        if not line.difference and not equal(values[step], there[step]):
            line.difference = f"{there[step]:g} at step {step}"
    return line


def show(run_dir: Path, stored: StoredRun) -> bool:
    """Print the table of one run; return whether nothing is missing or different."""
    logged = Logged.read(run_dir)
    try:
        lines = compare(logged, stored)
    except Refused:
        click.echo("  This server cannot be asked for what it stored: accepted is all that is known.")
        return True
    except WireError as error:
        click.echo(f"  Not verified: {error}", err=True)
        return False
    table = Table("metric", "logged", "stored", "first step", "last step", "difference", box=None, pad_edge=False)
    shown = lines if len(lines) <= SHOWN else [line for line in lines if line.difference]
    for line in shown:
        table.add_row(line.what, str(line.logged), str(line.stored), *line.ends, line.difference)
    table_console().print(table)
    if len(shown) < len(lines):
        click.echo(f"  {len(lines) - len(shown)} more without a difference")
    if logged.others:
        click.echo(f"  {logged.others} texts, histograms or tables: judged by the rows of the same seconds")
    if any(line.difference for line in lines):
        click.echo(f"{run_dir}: the server does not have what was logged, see the table", err=True)
        return False
    return True

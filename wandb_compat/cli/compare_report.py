"""The result of a comparison: its parts and differences, and how they are shown."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from wandb_compat.wire.json_numbers import NAMES as NAMES_OF_NUMBERS

SHOWN = 20  # rows of the table of differences
ABSENT = "(absent)"


@dataclass(slots=True)
class Difference:
    """A value that differs, with both sides of it; `steps` counts the steps at which a history value differs."""

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
        """Return whether both sides are equal; for loose names: present on both sides, and lists of equal length."""
        if self.loose and re.fullmatch(self.loose, what):
            counts = [len(one) if isinstance(one, list) else int(one is not ABSENT) for one in (wandb, pluto)]
            return counts[0] == counts[1]
        return equal(wandb, pluto)

    def check_all(self, wandb: Mapping[str, Any], pluto: Mapping[str, Any]) -> None:
        """Compare two dicts key by key."""
        for key in sorted({*wandb, *pluto}):
            self.check(key, wandb.get(key, ABSENT), pluto.get(key, ABSENT))


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


def equal(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; NaN equals NaN, also by its name, and 1 equals 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    one, other = (float(value) if value in NAMES_OF_NUMBERS else value for value in (one, other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)


def show(report: Report) -> None:
    """Print the report for a reader."""
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
            console.print(f"… and {len(found) - SHOWN} more: `--json` prints all")
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

"""The result of a comparison: its parts and differences, and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from wandb_compat.wire.json_numbers import equal, equal_as_stored

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
    """One part of a run: how many values were compared, how many were not, and which differ.

    Args:
        compared: values that were compared.
        by_name: values of which only the name, or the presence, was compared.
        differences: what differs.
        loose: regular expression for names whose values may differ.
        stored: allow for what a server's JSON parser does to numbers.
    """

    compared: int = 0
    by_name: int = 0
    differences: list[Difference] = field(default_factory=list)
    loose: str = ""
    stored: bool = False

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
        return equal_as_stored(wandb, pluto) if self.stored else equal(wandb, pluto)

    def check_name(self, what: str, wandb: Any, pluto: Any) -> None:
        """Compare the presence of one thing whose content is not read."""
        self.by_name += 1
        if not equal(wandb, pluto):
            self.differences.append(Difference(what, wandb, pluto))

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

    @property
    def compared(self) -> int:
        """How many values were compared."""
        return sum(part.compared for part in self.parts.values())

    @property
    def by_name(self) -> int:
        """How many values were compared by name only."""
        return sum(part.by_name for part in self.parts.values())

    @property
    def exit_code(self) -> int:
        """0 when everything is the same, 1 when something differs, 3 when some values were compared by name only."""
        return 1 if not self.same else 3 if self.by_name else 0


def show(report: Report) -> None:
    """Print the report for a reader."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=200)
    overview = Table("part", "compared", "by name only", "differences", box=None, pad_edge=False)
    for name, part in report.parts.items():
        overview.add_row(name, str(part.compared), str(part.by_name), str(len(part.differences)))
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
        rest = f"; {report.by_name} by name only: their values were not compared" if report.by_name else ""
        console.print(
            f"\nSame: run {report.run} is {where} in Pluto, {report.compared} values compared{rest}", soft_wrap=True
        )
    else:
        console.print(
            f"\nDifferent: run {report.run} and {where} in Pluto differ in {len(found)} places", soft_wrap=True
        )

"""The result of a comparison: its parts and differences, and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rich.table import Table

from wandb_compat.cli.table_console import table_console
from wandb_compat.wire.json_numbers import equal, equal_as_stored

PIPED_WIDTH = 200  # characters in a line where there is no terminal
SHOWN = 20  # rows of the table of differences
ABSENT = "(absent)"

How = Literal["value", "content", "count", "name"]


@dataclass(slots=True)
class Difference:
    """A value that differs, with both sides of it.

    Args:
        what: key, step or path.
        wandb: wandb's side.
        pluto: Pluto's side.
        steps: number of steps at which a history value differs.
        cause: the likely cause.
        heal: a command that may repair it.
    """

    what: str
    wandb: Any
    pluto: Any
    steps: int | None = None
    cause: str = ""
    heal: str = ""


@dataclass(slots=True)
class Part:
    """One part of a run: how much was compared in which way, what was not, and what differs.

    Args:
        value: values that were compared as such.
        content: files of which size or digest was compared.
        count: sets of which only the number was compared.
        by_name: values of which only the presence was compared.
        not_comparable: values that one side does not give.
        reasons: why something was not compared by value or content.
        differences: what differs.
        loose: regular expression for names whose values may differ.
        stored: allow for what a server's JSON parser does to numbers.
    """

    value: int = 0
    content: int = 0
    count: int = 0
    by_name: int = 0
    not_comparable: int = 0
    reasons: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    loose: str = ""
    stored: bool = False

    @property
    def compared(self) -> int:
        """How many values were compared by value, content or number."""
        return self.value + self.content + self.count

    def check(self, what: str, wandb: Any, pluto: Any, how: How = "value", cause: str = "") -> None:
        """Compare one thing.

        Args:
            what: names it.
            wandb: wandb's side.
            pluto: Pluto's side.
            how: what the sides are: values, contents (sizes, digests), numbers, or mere presence.
            cause: the likely cause of a difference, if it is known.
        """
        self.add(how)
        if not self.same(what, wandb, pluto):
            self.differences.append(Difference(what, wandb, pluto, cause=cause or likely_cause(wandb, pluto)))

    def check_pair(self, what: str, sides: Iterable[Any], how: How = "value") -> None:
        """Compare one thing of which both sides were made in the same way, wandb's first."""
        wandb, pluto = sides
        self.check(what, wandb, pluto, how)

    def add(self, how: How, number: int = 1) -> None:
        """Count something as compared."""
        name = "by_name" if how == "name" else how
        setattr(self, name, getattr(self, name) + number)

    def differ(self, what: str, wandb: Any, pluto: Any, cause: str = "", steps: int | None = None) -> None:
        """Note a difference."""
        self.differences.append(Difference(what, wandb, pluto, steps, cause or likely_cause(wandb, pluto)))

    def skip(self, reason: str, number: int = 1) -> None:
        """Note that something cannot be compared, and why."""
        self.not_comparable += number
        if number and reason not in self.reasons:
            self.reasons.append(reason)

    def same(self, what: str, wandb: Any, pluto: Any) -> bool:
        """Return whether both sides are equal; for loose names: present on both sides, and lists of equal length."""
        if self.loose and re.fullmatch(self.loose, what):
            counts = [len(one) if isinstance(one, list) else int(one is not ABSENT) for one in (wandb, pluto)]
            return counts[0] == counts[1]
        return equal_as_stored(wandb, pluto) if self.stored else equal(wandb, pluto)

    def check_all(self, wandb: Mapping[str, Any], pluto: Mapping[str, Any]) -> None:
        """Compare two dicts key by key."""
        for key in sorted({*wandb, *pluto}):
            self.check(key, wandb.get(key, ABSENT), pluto.get(key, ABSENT))


def likely_cause(wandb: Any, pluto: Any) -> str:
    """Return what probably made two sides differ."""
    if pluto is ABSENT:
        return "lost, or not sent yet"
    if wandb is ABSENT:
        return "added by another client, or a deliberate difference (see Dual mode in the documentation)"
    return "changed on one side"


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
        """How many values were compared by value, content or number."""
        return sum(part.compared for part in self.parts.values())

    @property
    def by_name(self) -> int:
        """How many values were compared by name only."""
        return sum(part.by_name for part in self.parts.values())

    @property
    def not_comparable(self) -> int:
        """How many values were not compared at all."""
        return sum(part.not_comparable for part in self.parts.values())

    @property
    def exit_code(self) -> int:
        """0 when everything is the same, 1 when something differs, 3 when some values could not be looked at."""
        return 1 if not self.same else 3 if self.by_name or self.not_comparable else 0

    @property
    def reasons(self) -> list[str]:
        """Why some values were not compared by value or content."""
        return list(dict.fromkeys(reason for part in self.parts.values() for reason in part.reasons))

    @property
    def coverage(self) -> str:
        """How much was compared in which way, in words."""
        total = self.compared + self.by_name + self.not_comparable
        kinds = (
            (sum(part.value for part in self.parts.values()), f"of {total:,} values by value"),
            (sum(part.content for part in self.parts.values()), "by content"),
            (sum(part.count for part in self.parts.values()), "by number"),
            (self.by_name, "by name only"),
            (self.not_comparable, "not compared"),
        )
        return ", ".join(f"{number:,} {kind}" for number, kind in kinds if number)

    def document(self) -> dict[str, Any]:
        """Return the report as a JSON document."""
        parts = {}
        for name, part in self.parts.items():
            fields = asdict(part)
            del fields["loose"], fields["stored"]
            parts[name] = {"compared": part.compared, **fields}
        about = {"run": self.run, "pluto": self.pluto, "url": self.url, "parts": parts, "notes": self.notes}
        return {**about, "same": self.same, "exit_code": self.exit_code}

    @property
    def verdict(self) -> str:
        """The verdict in one line."""
        where = f"{self.pluto} ({self.url})" if self.url else self.pluto
        if self.same:
            reasons = f": {'; '.join(self.reasons)}" if self.reasons else ""
            return f"Same: run {self.run} is {where} in Pluto; {self.coverage}{reasons}"
        found = sum(len(part.differences) for part in self.parts.values())
        return f"Different: run {self.run} and {where} in Pluto differ in {found} places; {self.coverage}"


def show(report: Report) -> None:
    """Print the report for a reader."""
    console = table_console(PIPED_WIDTH)
    console.print(report.verdict, soft_wrap=True)
    console.print()
    columns = ("part", "by value", "by content", "by number", "by name only", "not compared", "differences")
    overview = Table(*columns, box=None, pad_edge=False)
    for name, part in report.parts.items():
        counts = (part.value, part.content, part.count, part.by_name, part.not_comparable, len(part.differences))
        overview.add_row(name, *map(str, counts))
    console.print(overview)
    found = [(name, one) for name, part in report.parts.items() for one in part.differences]
    if found:
        table = Table("part", "what", "wandb", "Pluto", "steps", "likely cause", box=None, pad_edge=False)
        for name, one in found[:SHOWN]:
            steps = "" if one.steps is None else str(one.steps)
            table.add_row(name, one.what, str(one.wandb)[:200], str(one.pluto)[:200], steps, one.cause)
        console.print()
        console.print(table)
        if len(found) > SHOWN:
            console.print(f"… and {len(found) - SHOWN} more: `--json` prints all")
        for command in dict.fromkeys(one.heal for _, one in found if one.heal):
            console.print(f"What is missing may still come with: {command}")
    for note in report.notes:
        console.print(f"Note: {note}")

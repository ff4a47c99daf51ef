"""Load the checks of `cases.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("cases.yaml")


@dataclass(frozen=True)
class Step:
    """One request and what it should give.

    Attributes:
        action: GET, POST, RUN, LINES, FILES, PUT, CHUNKED, FETCH or SETTLE.
        target: path, ingest route or file name.
        value: body, query, lines, entries or bytes as text.
        options: the other keys of the step.
    """

    action: str
    target: str
    value: Any
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """What should hold on a server.

    Attributes:
        area: the group that it belongs to.
        that: what holds.
        unless: what it means for the user when it does not hold.
        known: whether wandb-compat works around this behaviour, so that another one does no harm.
        steps: the requests that show it.
    """

    area: str
    that: str
    unless: str
    known: bool
    steps: tuple[Step, ...]

    @property
    def is_late(self) -> bool:
        """Return whether a step reads what may be minutes old."""
        return any(step.options.get("late") for step in self.steps)


def load(file: Path = FILE) -> list[Check]:
    """Return all checks, in the order of the file."""
    areas: dict[str, list[dict[str, Any]]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [
        Check(area, one["that"], one["unless"], bool(one.get("known")), tuple(map(_step, one["steps"])))
        for area, checks in areas.items()
        for one in checks
    ]


def _step(written: dict[str, Any]) -> Step:
    (head, value), *options = written.items()
    action, _, target = head.partition(" ")
    return Step(action, target, value, dict(options))

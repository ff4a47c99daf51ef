"""What the end of a run prints: the history of each metric as a sparkline, and the summary."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

WIDTH = 40  # characters of a sparkline, as with wandb
TEXT_WIDTH = 20  # characters of a text in the summary, as with wandb
MOST_LINES = 40  # metrics that are shown; more would push what matters off the screen
_INDENT = "  "
_PREFIX_WIDTH = len("wandb: ")
_BARS = "▁▂▃▄▅▆▇█"


class Table(NamedTuple):
    """Names with their texts, and how many more there are."""

    title: str
    rows: list[tuple[str, str]]
    left: int


def sparkline(values: list[float], width: int = WIDTH) -> str:
    """Return numbers as a line of bars, the lowest number as the lowest bar.

    Args:
        values: in the order of time; NaN and infinities are left out.
        width: greatest number of bars; each is the mean of as many values.
    """
    numbers = [value for value in values if math.isfinite(value)]
    count = min(len(numbers), width)
    parts = [numbers[at * len(numbers) // count : (at + 1) * len(numbers) // count] for at in range(count)]
    means = [sum(value / len(part) for value in part) for part in parts]
    low, high = min(means, default=0.0), max(means, default=0.0)
    span = high - low
    if not 0 < span < math.inf:
        return _BARS[0] * count
    return "".join(_BARS[round((mean - low) / span * (len(_BARS) - 1))] for mean in means)


def shown_value(value: Any) -> str | None:
    """Return a value of the summary in a few characters, None for one that is not shown, as media and lists."""
    if value is None or isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, str):
        text = " ".join(value.split())
        return text if len(text) <= TEXT_WIDTH else text[: TEXT_WIDTH - 1] + "…"
    return None


def lines(
    history: Mapping[str, list[float]],
    summary: Mapping[str, Any],
    is_hidden: Callable[[str], bool],
    columns: int | None = None,
) -> list[str]:
    """Return the report as lines.

    Args:
        history: values of each metric.
        summary: the run's summary; the forms of `define_metric` (`min`, `max` …) are shown one by one.
        is_hidden: takes a name and returns whether `define_metric` hides it.
        columns: width of the terminal; by default looked up, 80 without one.
    """
    room = (columns or shutil.get_terminal_size().columns) - _PREFIX_WIDTH - len(_INDENT)
    return [line for table in tables(history, summary, is_hidden) for line in _lines(table, room)]


def tables(
    history: Mapping[str, list[float]], summary: Mapping[str, Any], is_hidden: Callable[[str], bool]
) -> list[Table]:
    """Return the report as two tables without those that are empty; arguments as `lines`."""
    bars = {name: sparkline(values) for name, values in history.items()}
    values = {name: text for name, value in _flat(summary) if (text := shown_value(value)) is not None}
    both = [
        _table("Run history:", {name: text for name, text in bars.items() if text}, is_hidden),
        _table("Run summary:", values, is_hidden),
    ]
    return [table for table in both if table.rows]


def _flat(summary: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in summary.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", number) for inner, number in value.items() if "_type" not in value)
        else:
            yield name, value


def _table(title: str, texts: Mapping[str, str], is_hidden: Callable[[str], bool]) -> Table:
    names = [name for name in sorted(texts) if not name.startswith("_") and not is_hidden(name)]
    shown = names[:MOST_LINES]
    return Table(title, [(name, texts[name]) for name in shown], len(names) - len(shown))


def _lines(table: Table, room: int) -> Iterator[str]:
    yield table.title
    longest = min(max(len(name) for name, _ in table.rows), max(8, room - WIDTH - 1))
    for name, text in table.rows:
        label = name if len(name) <= longest else "…" + name[1 - longest :]
        yield f"{_INDENT}{label:>{longest}} {text}"[: room + len(_INDENT)]
    if table.left:
        yield f"{_INDENT}and {table.left} more"

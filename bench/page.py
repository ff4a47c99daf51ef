"""Makes the figures and plots of `docs/speed.md` from a kept run: `python -m bench.page bench/results/FILE.json`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

from bench.__main__ import FIGURES

DOCS = Path(__file__).parents[1] / "docs"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"
GROWTH = ("cost by distinct keys", "cost by rows", "cost by threads")

Section = dict[str, Any]


def values(section: Section, name: str, key: str) -> list[float]:
    """Return a figure of all rounds, in the unit in which it is shown."""
    return [one[name][key] * FIGURES[key][1] for one in section["rounds"] if key in one[name]]


def number(value: float) -> str:
    """Return three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(title: str, section: Section) -> str:
    """Return a section as a table: medians, the least and the greatest, and ratios to the first line."""
    names = list(section["rounds"][0])
    lines = [f"### {title}", "", f"| | {' | '.join(FIGURES[key][0] for key in section['keys'])} |"]
    lines.append("|---" * (len(section["keys"]) + 1) + "|")
    for name in names:
        cells = []
        for key in section["keys"]:
            found = values(section, name, key)
            if not found:
                cells.append("")
                continue
            cell = number(median(found))
            if len(found) > 1:
                cell += f" ({number(min(found))} to {number(max(found))})"
            pairs = [(one[name].get(key), one[names[0]].get(key)) for one in section["rounds"]]
            if name != names[0] and (ratios := [theirs / ours for theirs, ours in pairs if theirs and ours]):
                cell += f", {number(median(ratios))} times"
            cells.append(cell)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def compared(sections: dict[str, Section]) -> None:
    """Draw the caller's time of all contenders by scalars a call."""
    counts = [count for count in (1, 10, 100, 1000) if f"{count} scalars a call" in sections]
    figure, axes = plt.subplots(figsize=(6, 3.6))
    for name in sections["100 scalars a call"]["rounds"][0]:
        axes.plot(
            counts,
            [median(values(sections[f"{count} scalars a call"], name, "p50")) for count in counts],
            marker="o",
            label=name,
        )
    axes.set(xscale="log", yscale="log", xlabel="scalars a call", ylabel="caller's time, p50, µs")
    axes.legend(frameon=False)
    save(figure, "speed-scalars.svg")


def grown(sections: dict[str, Section]) -> None:
    """Draw the cost of a call as the work grows."""
    figure, places = plt.subplots(1, 3, figsize=(9, 3), sharey=True)
    for axes, title in zip(places, GROWTH, strict=True):
        section = sections[title]
        names = list(section["rounds"][0])
        amounts = [int(name.split()[0]) for name in names]
        for key in ("mean", "cpu"):
            axes.plot(
                amounts, [median(values(section, name, key)) for name in names], marker="o", label=FIGURES[key][0]
            )
        axes.set(xscale="log", xlabel=names[0].split()[1], ylim=(0, None))
    places[0].set_ylabel("µs")
    places[0].legend(frameon=False, fontsize="x-small")
    save(figure, "speed-growth.svg")


def save(figure: Any, name: str) -> None:
    """Write a plot that is the same for the same figures."""
    figure.tight_layout()
    figure.savefig(DOCS / name, metadata={"Date": None})


def main() -> None:
    """Write the plots, and the tables between the marks of the page."""
    matplotlib.rcParams["svg.hashsalt"] = "speed"
    kept = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sections, about = kept["sections"], kept["about"]
    compared(sections)
    if sections.keys() >= set(GROWTH):  # a run that was cut short has none
        grown(sections)
    load = ", ".join(f"{one:.0f}" for one in about["load"])
    head = f"Python {about['python']} on {about['machine']}; load when the run began: {load}.\n\n"
    text = head + "\n".join(table(title, section) for title, section in sections.items())
    page = DOCS / "speed.md"
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{re.split(re.escape(END), rest)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()

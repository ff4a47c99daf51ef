"""Compares many runs, several at a time, with a last table; and writes the results as a page."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from wandb_compat.cli import wandb_file
from wandb_compat.cli.compare_pluto import CannotCompare
from wandb_compat.cli.compare_report import PIPED_WIDTH, Report
from wandb_compat.cli.compare_runs import compare
from wandb_compat.cli.table_console import table_console

PARALLEL = 4  # comparisons at once; each waits for the server most of the time
VERDICTS = {0: "same", 1: "different", 2: "not possible", 3: "same as far as the server tells"}
WORST = (1, 2, 3, 0)  # exit codes, the one that counts for all runs first


@dataclass
class Result:
    """The result for one run: a report, or the reason why the run could not be compared."""

    path: Path
    report: Report | None
    problem: str = ""

    @property
    def exit_code(self) -> int:
        """As of the command for one run."""
        return 2 if self.report is None else self.report.exit_code

    @property
    def line(self) -> str:
        """The verdict in one line."""
        return self.problem if self.report is None else self.report.verdict

    def document(self) -> dict[str, Any]:
        """Return the result as a JSON document."""
        about = {"path": str(self.path), "exit_code": self.exit_code}
        return {**about, **self.report.document()} if self.report is not None else {**about, "problem": self.problem}


def find_runs(paths: tuple[Path, ...], project: str | None = None) -> list[Path]:
    """Return one directory of each of the real wandb's runs in or below folders, the oldest first.

    Args:
        paths: run directories, folders `wandb`, or any folders above them.
        project: without runs that dual mode has sent to another project of Pluto.
    """
    found: dict[tuple[Path, str], Path] = {}
    for path in paths:
        heads = [path] if path.is_file() else sorted(path.resolve().rglob("run-*.wandb"))
        for head in heads:
            folder = head.parent
            is_wandbs = folder.name.startswith(("run-", "offline-run-")) and not folder.is_symlink()
            if path.is_file() or (is_wandbs and _begins_as_wandb(head)):
                found[folder.parent, head.name] = folder  # the parts of a run are compared together
    return [folder for folder in found.values() if project is None or _project_of(folder) in (project, None)]


def _begins_as_wandb(head: Path) -> bool:
    with head.open("rb") as stream:
        return stream.read(len(wandb_file.MAGIC)) == wandb_file.MAGIC


def _project_of(folder: Path) -> str | None:
    from wandb_compat.cli.run_dirs import RunDir
    from wandb_compat.spool.layout import DUAL_DIR

    start = RunDir.at(folder / DUAL_DIR).start if (folder / DUAL_DIR).is_dir() else None
    return start.project if start is not None else None


def compare_all(
    folders: list[Path], project: str | None, whole: bool, on_result: Callable[[Result], object]
) -> list[Result]:
    """Compare runs, several at a time.

    Args:
        folders: as `find_runs` returns them.
        project: the project in Pluto; by default the one that dual mode has used.
        whole: whether to compare digests.
        on_result: called with each result, in order.
    """

    def work(folder: Path) -> Result:
        try:
            return Result(folder, compare(folder, project, whole=whole))
        except CannotCompare as error:
            return Result(folder, None, error.message)
        except Exception as error:  # the other runs must go on
            return Result(folder, None, f"the comparison failed: {type(error).__name__}: {error}")

    results = []
    with ThreadPoolExecutor(min(PARALLEL, max(1, len(folders))), thread_name_prefix="compare") as pool:
        for result in pool.map(work, folders):
            on_result(result)
            results.append(result)
    return results


def exit_code_of(results: list[Result]) -> int:
    """Return the exit code for several runs: 1 if one differs, else 2 if one could not be compared, else 3 or 0."""
    codes = {result.exit_code for result in results}
    return next((code for code in WORST if code in codes), 2)


def summary(results: list[Result]) -> str:
    """Return the verdicts in one line that fits a chat message."""
    counts = [(sum(one.exit_code == code for one in results), VERDICTS[code]) for code in (0, 3, 1, 2)]
    found = ", ".join(f"{number} {verdict}" for number, verdict in counts if number)
    bad = [one.report.run if one.report else one.path.name for one in results if one.exit_code in (1, 2)]
    shown = f" ({', '.join(bad[:5])}{', …' if len(bad) > 5 else ''})" if bad else ""
    return f"{len(results)} runs compared with Pluto: {found}{shown}"


def show_table(results: list[Result]) -> None:
    """Print one row for each run that is not simply the same, and the summary."""
    console = table_console(PIPED_WIDTH)
    table = Table("run", "verdict", "differences", "first difference", box=None, pad_edge=False)
    for result in results:
        if result.exit_code:
            table.add_row(*_row(result))
    if table.row_count:
        console.print(table)
        console.print()
    console.print(summary(results), soft_wrap=True)


def _row(result: Result) -> tuple[str, str, str, str]:
    if result.report is None:
        return result.path.name, VERDICTS[2], "", result.problem
    found = [(name, one) for name, part in result.report.parts.items() for one in part.differences]
    first = f"{found[0][0]}: {found[0][1].what}" if found else "; ".join(result.report.reasons)
    return result.report.run, VERDICTS[result.exit_code], str(len(found)), first[:100]


def page(results: list[Result]) -> str:
    """Return the results as an HTML page that needs nothing else."""
    return "\n".join(_page_lines(results)) + "\n"


def _page_lines(results: list[Result]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><meta charset="utf-8"><title>Comparison with Pluto</title>'
    yield "<style>body{font-family:sans-serif;margin:2em}td,th{text-align:left;padding:.2em 1em .2em 0;"
    yield "vertical-align:top;overflow-wrap:anywhere}</style>"
    yield f"<h1>{html.escape(summary(results))}</h1>"
    for result in results:
        yield f"<h2>{html.escape(result.line)}</h2>"
        if result.report is None:
            continue
        titles = ("part", "by value", "by content", "by number", "by name only", "not compared", "differences")
        yield _html_row("th", titles, "<table>")
        for name, part in result.report.parts.items():
            counts = (part.value, part.content, part.count, part.by_name, part.not_comparable, len(part.differences))
            yield _html_row("td", (name, *counts))
        yield "</table>"
        found = [(name, one) for name, part in result.report.parts.items() for one in part.differences]
        if found:
            yield _html_row("th", ("part", "what", "wandb", "Pluto", "steps", "likely cause"), "<table>")
            for name, one in found:
                yield _html_row("td", (name, one.what, one.wandb, one.pluto, one.steps or "", one.cause))
            yield "</table>"
        for note in result.report.notes:
            yield f"<p>{html.escape(note)}</p>"


def _html_row(cell: str, values: tuple[Any, ...], before: str = "") -> str:
    return before + "<tr>" + "".join(f"<{cell}>{html.escape(str(value))}</{cell}>" for value in values) + "</tr>"

"""`wandb-compat doctor`: shows which wandb is active and why, and whether runs reach a Pluto server."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wandb_compat.cli.doctor_checks import Finding

MARKS = {"ok": ("✓", "green"), "note": ("•", "yellow"), "problem": ("✗", "red")}


@click.command(short_help="Check the installation: active wandb, key, server.")
@click.option("--api", is_flag=True, help="Show instead how each name of wandb is supported in pluto mode.")
def command(api: bool) -> None:
    """Show which wandb is active and why, which key is used, and whether the server can be reached.

    The exit code is 0 when runs can reach Pluto, and 1 when there is a problem. Keys are never shown.

    Example: wandb-compat doctor
    """
    from wandb_compat.cli.doctor_checks import examine, show_api  # slow to import, and not needed for --help

    if api:
        show_api()
        return
    healthy = True

    def noted() -> Iterator[Finding]:
        nonlocal healthy
        for finding in examine():
            healthy &= finding.level != "problem"
            yield finding

    for line in report(noted(), terminal=sys.stdout.isatty() and _can_print_marks()):
        click.echo(line)
    sys.exit(0 if healthy else 1)


def report(findings: Iterable[Finding], *, terminal: bool) -> Iterator[str]:
    """Yield the lines of the report.

    Args:
        findings: what was found.
        terminal: whether to use marks and colours, and to end with the next step. Otherwise each line begins with the
            level as a word, for programs.
    """
    first: str | None = None
    for finding in findings:
        if finding.level == "problem" and first is None:
            first = finding.text
        if terminal:
            mark, colour = MARKS[finding.level]
            yield f"{click.style(mark, fg=colour)} {finding.text}"
        else:
            yield f"{finding.level:<8} {finding.text}"
    if terminal:
        yield ""
        yield f"Next step: {first}" if first else "Everything is ready: runs are logged to Pluto."


def _can_print_marks() -> bool:
    try:
        "".join(mark for mark, _ in MARKS.values()).encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True

"""The report of `doctor` is readable in a terminal and stable in a pipe."""

import click

from wandb_compat.cli.doctor import report
from wandb_compat.cli.doctor_checks import Finding

FINDINGS = [
    Finding("ok", "pluto-ml 0.0.29"),
    Finding("note", "WANDB_MODE=offline"),
    Finding("problem", "no key: log in"),
]


def test_marks_in_a_terminal() -> None:
    """Each line has a mark, and the last line names the next step."""
    lines = [click.unstyle(line) for line in report(FINDINGS, terminal=True)]
    assert lines == ["✓ pluto-ml 0.0.29", "• WANDB_MODE=offline", "✗ no key: log in", "", "Next step: no key: log in"]


def test_nothing_to_do_in_a_terminal() -> None:
    """Without a problem the last line says so."""
    assert [*report(FINDINGS[:2], terminal=True)][-1] == "Everything is ready: runs are logged to Pluto."


def test_words_in_a_pipe() -> None:
    """Programs get the level as a word, and no further lines."""
    lines = [*report(FINDINGS, terminal=False)]
    assert lines == ["ok       pluto-ml 0.0.29", "note     WANDB_MODE=offline", "problem  no key: log in"]

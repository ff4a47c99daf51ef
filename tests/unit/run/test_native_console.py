"""What the script prints is copied line by line, and printing goes on as before."""

import io
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

import wandb
from wandb_compat.config.limits import CONSOLE_LINE_LIMIT
from wandb_compat.run.console import ConsoleCapture
from wandb_compat.spool.records import Console


class Stream(io.StringIO):
    """A stream that can be wrapped, as `sys.stdout` can."""


def stand_in(monkeypatch: pytest.MonkeyPatch) -> tuple[Stream, Stream]:
    """Return streams in the place of stdout and stderr; no fixture, as pytest puts its own there before the test."""
    out, err = Stream(), Stream()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    return out, err


def captured(act: Any, **options: Any) -> list[Console]:
    """Return the lines that a capture takes while `act` prints."""
    lines: list[Console] = []
    capture = ConsoleCapture(lines.append, **options)
    capture.start()
    act()
    capture.stop()
    return lines


def test_lines_of_both_streams_are_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stream has its own line numbers from 1; empty lines are left out; the last line needs no end."""
    streams = stand_in(monkeypatch)

    def act() -> None:
        print("one")
        print()
        print("two", "words", end="")
        print("!\nthree", end="")
        print("bad", file=sys.stderr)

    lines = captured(act)
    assert [(line.logType, line.lineNumber, line.message) for line in lines if line.logType == "INFO"] == [
        ("INFO", 1, "one"),
        ("INFO", 2, "two words!"),
        ("INFO", 3, "three"),
    ]
    assert [(line.lineNumber, line.message) for line in lines if line.logType == "ERROR"] == [(1, "bad")]
    assert streams[0].getvalue() == "one\n\ntwo words!\nthree"
    assert streams[1].getvalue() == "bad\n"


def test_of_a_progress_bar_the_last_state_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is overwritten after carriage returns counts once, with colours and without moves of the cursor."""
    stand_in(monkeypatch)

    def act() -> None:
        for percent in range(0, 101, 10):
            sys.stderr.write(f"\r\x1b[2K\x1b[32m{percent}%\x1b[0m")
        sys.stderr.write("\r\x1b[0m\n")
        print("windows\r")

    assert [line.message for line in captured(act)] == ["\x1b[32m100%\x1b[0m", "windows"]


def test_the_key_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that prints its environment does not send the key away; on screen nothing changes."""
    streams = stand_in(monkeypatch)
    lines = captured(lambda: print("KEY=mlpi_secret\n\x1b[1mmlpi\x1b[0m_secret"), secret=lambda: "mlpi_secret")
    assert [line.message for line in lines] == ["KEY=[key]", "[key]"]
    assert streams[0].getvalue() == "KEY=mlpi_secret\n\x1b[1mmlpi\x1b[0m_secret\n"


def test_streams_are_left_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the end `write` is the stream's own; a wrapper that was added meanwhile is kept."""
    streams = stand_in(monkeypatch)
    lines: list[Console] = []
    capture = ConsoleCapture(lines.append)
    capture.start()
    ours = sys.stderr.write
    sys.stderr.write = lambda text: ours(text.upper())  # type: ignore[method-assign,assignment]
    theirs = sys.stderr.write
    print("loud", file=sys.stderr)
    capture.stop()
    assert "write" not in vars(streams[0])
    assert sys.stderr.write is theirs
    print("after", file=sys.stderr)
    assert streams[1].getvalue() == "LOUD\nAFTER\n"
    assert [line.message for line in lines] == ["LOUD"]


def test_a_line_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory and records stay small whatever is printed."""
    stand_in(monkeypatch)
    lines = captured(lambda: print("x" * 10 * CONSOLE_LINE_LIMIT))
    assert [len(line.message) for line in lines] == [CONSOLE_LINE_LIMIT]


def test_streams_that_cannot_be_wrapped_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """None, as under pythonw, and streams without attributes."""

    class Fixed:
        __slots__ = ()
        output_text: ClassVar[list[str]] = []

        def write(self, text: str) -> None:
            self.output_text.append(text)

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", Fixed())
    assert captured(lambda: print("x", file=sys.stderr)) == []
    assert Fixed.output_text == ["x", "\n"]


def test_trouble_with_a_line_never_reaches_the_one_who_prints(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A log that cannot be written, a record that is refused: printing goes on."""
    streams = stand_in(monkeypatch)

    def refuse(line: Console) -> None:
        raise RuntimeError("no")

    capture = ConsoleCapture(refuse, log=tmp_path / "missing" / "output.log")
    capture.start()
    print("a")
    capture.stop()
    assert streams[0].getvalue() == "a\n"


def test_a_run_can_be_told_not_to_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Settings(console="off")` does the same."""
    monkeypatch.delenv("WANDB_CONSOLE")
    run = wandb.init(mode="offline", settings=wandb.Settings(console="off"))
    assert "write" not in vars(sys.stdout)
    run.finish()

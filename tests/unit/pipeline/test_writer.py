"""The queue and the journal, also where a signal handler or an interrupt comes in between."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from wandb_compat.config.settings import Settings
from wandb_compat.pipeline import writer as writer_module
from wandb_compat.pipeline.writer import JournalWriter
from wandb_compat.spool import journal
from wandb_compat.spool.notifier import CallbackNotifier


def open_writer(run_dir: Path) -> JournalWriter:
    """Return a writer with an open journal."""
    writer = JournalWriter(run_dir, Settings(), CallbackNotifier(lambda level, text: None))
    writer.open("x")
    return writer


def written(run_dir: Path) -> list[bytes]:
    """Return the records on disk, without those of the journal itself."""
    entries = [entry for file in journal.files(run_dir) for piece, _ in journal.read(file) for entry in piece]
    return [entry.line for entry in entries if entry.kind == b"row"]


def test_a_signal_handler_writes_while_its_thread_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that empties the queue in the middle of a write raises nothing, and each record is written once."""
    writer = open_writer(tmp_path)
    append = journal.Journal.append
    nested = []

    def interrupted(self: journal.Journal, lines: Any) -> None:
        if not nested:
            nested.append(True)
            writer.put(b"row 3")
            writer.write()
        append(self, lines)

    monkeypatch.setattr(journal.Journal, "append", interrupted)
    writer.put(b"row 1")
    writer.put(b"row 2")
    writer.write()
    writer.close()
    assert sorted(written(tmp_path)) == [b"row 1", b"row 2", b"row 3"]


def test_an_interrupted_write_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyboardInterrupt in the middle of a write loses nothing and keeps the order."""
    writer = open_writer(tmp_path)
    append = journal.Journal.append

    def interrupted(self: journal.Journal, lines: Any) -> None:
        monkeypatch.setattr(journal.Journal, "append", append)
        raise KeyboardInterrupt

    monkeypatch.setattr(journal.Journal, "append", interrupted)
    for number in range(5):
        writer.put(b"row %d" % number)
    with pytest.raises(KeyboardInterrupt):
        writer.write()
    writer.put(b"row 5")
    writer.write()
    writer.close()
    assert written(tmp_path) == [b"row %d" % number for number in range(6)]


def test_a_handler_that_ends_the_run_takes_back_an_interrupted_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that was interrupted never goes on: its records are written by the handler, before the last one."""
    writer = open_writer(tmp_path)
    append = journal.Journal.append

    class Dies(BaseException):
        """The end of the process, right after the handler."""

    def interrupted(self: journal.Journal, lines: Any) -> None:
        monkeypatch.setattr(journal.Journal, "append", append)
        writer.reclaim()
        writer.put(b"row last")
        writer.write()
        writer.close()
        raise Dies

    monkeypatch.setattr(journal.Journal, "append", interrupted)
    writer.put(b"row 1")
    with pytest.raises(Dies):
        writer.write()
    assert written(tmp_path) == [b"row 1", b"row last"]


def test_a_signal_handler_logs_between_any_two_instructions(tmp_path: Path) -> None:
    """Wherever Python may call a handler (3.10 does in more places than later versions), each record is written once.

    The handler of each round comes at the next instruction of the writer, until a round has none left.
    """

    def write(run_dir: Path, at: int) -> bool:
        writer, count = open_writer(run_dir), 0

        def handler(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal count
            if frame.f_code.co_filename != writer_module.__file__:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                count += 1
                if count == at:
                    sys.settrace(None)
                    writer.put(b"row handler")
                    writer.write()
            return handler

        sys._getframe().f_trace_opcodes = True  # 3.12 reports instructions only if a frame asked before
        sys.settrace(handler)
        try:
            for number in range(3):
                writer.put(b"row %d" % number)
            writer.write()
        finally:
            sys.settrace(None)
        writer.write()
        writer.close()
        return count >= at

    expected = [b"row %d" % number for number in range(3)]
    rounds = 0
    while write(run_dir := tmp_path / str(rounds), rounds + 1):
        assert sorted(written(run_dir)) == [*expected, b"row handler"], rounds
        rounds += 1
    assert rounds > 100
    assert written(run_dir) == expected

"""An exception on the way to Pluto is shown once and stays away from the script; messages follow wandb's settings."""

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from wandb_compat.dual import guard


class Unprintable(Exception):
    """An exception whose text raises."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.fixture(autouse=True)
def nothing_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """No message was shown before, and no variable hides any."""
    monkeypatch.setattr(guard, "_shown", set())
    monkeypatch.delenv("WANDB_SILENT", raising=False)


def fail(what: str, error: BaseException) -> None:
    """Raise in a guarded block."""
    with guard.Guard(what):
        raise error


def test_an_error_is_shown_once_for_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """The first error of a kind is a warning that says what has not happened; later ones are not repeated."""
    for number in range(3):
        fail("the row is not sent", ValueError(f"number {number}"))
    fail("the row is not sent", OSError("other"))
    fail("the end of the run", ValueError("third"))
    assert capsys.readouterr().err.splitlines() == [
        "wandb: WARNING Pluto: the row is not sent: ValueError: number 0",
        "wandb: WARNING Pluto: the row is not sent: OSError: other",
        "wandb: WARNING Pluto: the end of the run: ValueError: third",
    ]


def test_an_error_without_a_text_stays_inside() -> None:
    """Showing an error may fail too."""
    fail("the row is not sent", Unprintable())


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_script_passes(error: type[BaseException]) -> None:
    """Ctrl-C and `sys.exit` are the script's own."""
    with pytest.raises(error):
        fail("the row is not sent", error())


@pytest.mark.parametrize(
    ("setting", "shown"),
    [(None, ["info", "warning", "error"]), ("quiet", ["warning", "error"]), ("silent", [])],
)
def test_settings_hide_messages(setting: str | None, shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """`quiet` hides information, `silent` and `WANDB_SILENT` everything."""
    settings = SimpleNamespace(**({setting: True} if setting else {}))
    for level in ("info", "warning", "error"):
        guard.show(level, f"of {level}", settings)
    assert [line.rpartition(" ")[2] for line in capsys.readouterr().err.splitlines()] == shown


def test_the_variable_hides_messages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`WANDB_SILENT` hides errors too, also where no settings are known."""
    monkeypatch.setenv("WANDB_SILENT", "true")
    guard.show("error", "text")
    assert capsys.readouterr().err == ""


def test_once_means_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A text that is to be shown once is not repeated; another text is shown."""
    for text in ("same", "same", "other"):
        guard.show("info", text, once=True)
    assert capsys.readouterr().err == "wandb: same\nwandb: other\n"


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["none", "closed"])
def test_a_stream_that_is_gone_raises_nothing(monkeypatch: pytest.MonkeyPatch, stream: Any) -> None:
    """A script may run without stderr, or have closed it."""
    if stream is not None:
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    guard.show("error", "text")

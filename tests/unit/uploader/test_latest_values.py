"""Which records a later one of the same key and step replaces before they are sent."""

from __future__ import annotations

from typing import Any

import pytest

from wandb_compat.spool import records
from wandb_compat.uploader import latest_values
from wandb_compat.uploader.latest_values import LatestValues
from wandb_compat.wire.stored_values import latest_values as latest_stored


def text(time: int, step: int, key: str, data: str = "t") -> bytes:
    """Return the document of a text."""
    return records.encode(records.Series(time, step, "string-series", key, data)).partition(b" ")[2]


def file(time: int, step: int, key: str, name: str, **more: Any) -> bytes:
    """Return the document of a file."""
    return records.encode(records.File(time, step, key, name, "png", f"files/{name}", **more)).partition(b" ")[2]


def test_the_last_text_of_a_key_and_step_stays() -> None:
    """Whatever the key, the text and the order in the journal; other keys and steps do not matter."""
    for key in ("a", 'q"uo\\te', "训练", "a b,c", "x" * 500):
        kept = [
            text(5, 1, key),
            text(3, 2, key),
            text(4, 1, key + "2"),
            text(9, 1, "other", f'"step":2,"logName":"{key}"'),
        ]
        replaced = [text(3, 1, key, "x" * 10_000), text(4, 1, key, '","logName":"other"')]
        lines = [replaced[0], *kept, replaced[1]]
        latest = LatestValues()
        latest.note("data", lines)
        assert latest.current("data", lines) == kept


def test_a_shorter_list_of_images_replaces_a_longer_one_with_its_masks() -> None:
    """All files of one call of `log` have one time."""
    old = [file(1, 0, "img", f"a{n}", sample=n) for n in range(3)] + [file(1, 0, "img", "m", caption='"adds":true')]
    new = [file(2, 0, "img", f"b{n}", sample=n) for n in range(2)]
    latest = LatestValues()
    latest.note("files", [*old, *new])
    assert latest.current("files", [*old, *new]) == new


def test_what_was_sent_is_replaced_for_later_batches_too() -> None:
    """A value that is encoded slowly may come to the journal behind the one that replaced it."""
    latest = LatestValues()
    latest.note("data", [text(5, 1, "a")])
    late = text(4, 1, "a")
    latest.note("data", [late])
    assert latest.current("data", [late]) == []


def test_rows_added_to_a_table_replace_nothing() -> None:
    """The increments of one table belong together, as do the pictures in them."""
    first, second = text(1, 0, "t", '{"type":"Table"}'), text(2, 0, "t", '{"type":"Table","first_row":3}')
    pictures = [file(1, 0, "t/p", "a"), file(2, 0, "t/p", "b", adds=True)]
    latest = LatestValues()
    latest.note("data", [first, second])
    latest.note("files", pictures)
    assert latest.current("data", [first, second]) == [first, second]
    assert latest.current("files", pictures) == pictures


def test_other_records_are_not_touched() -> None:
    """The server replaces numbers, and nothing replaces console lines; what is no record is sent as it is."""
    latest = LatestValues()
    for lane in ("metrics", "console", "artifacts", "run", "data", "files"):
        lines = [b'{"time":1,"step":0}', b"{}", b"no JSON"] * 2
        latest.note(lane, lines)
        assert latest.current(lane, lines) == lines


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest keys and steps are remembered."""
    monkeypatch.setattr(latest_values, "REMEMBERED", 10)
    latest = LatestValues()
    latest.note("data", [text(step, step, "a") for step in range(1000)])
    assert len(latest._newest) == 10
    assert latest.current("data", [text(1, 999, "a"), text(1, 5, "a")]) == [text(1, 5, "a")]


def test_readers_take_the_entries_of_the_last_call() -> None:
    """Of what a server keeps for a key and step, all entries of the newest time count."""

    def entry(name: str, step: int, time: str, n: int) -> dict[str, Any]:
        return {"logName": name, "step": step, "time": f"2026-01-01T00:00:00.{time}Z", "n": n}

    entries = [
        entry("a", 0, "002", 1),
        entry("a", 0, "001", 2),
        entry("a", 0, "002", 3),
        entry("a", 1, "000", 4),
        entry("b", 0, "000", 5),
    ]
    assert [one["n"] for one in latest_stored(entries)] == [1, 3, 4, 5]

"""What `compare` counts as equal, as different, and as not compared."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from wandb_compat.cli import compare, compare_parts, compare_runs
from wandb_compat.cli.compare_content import Content, compare_artifacts, compare_media
from wandb_compat.cli.compare_documents import compare_documents
from wandb_compat.cli.compare_report import ABSENT, Part, Report
from wandb_compat.convert.histograms import binned_document
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.wire.json_numbers import equal, equal_as_stored


@pytest.mark.parametrize(
    ("wandb", "pluto"),
    [
        (2**60 + 1, 1152921504606847000),  # JavaScript's JSON has doubles only
        (-(2**63), -9223372036854776000),
        (0.1 + 0.2, 0.3),  # 16 digits
        ({"a": [1, 2.0]}, {"a": [1.0, 2]}),
        (math.nan, "NaN"),
        ("text", "text"),
    ],
)
def test_numbers_are_equal_as_a_server_stores_them(wandb: Any, pluto: Any) -> None:
    """Allowed is what a server's JSON parser does, and no more."""
    assert equal_as_stored(wandb, pluto)


@pytest.mark.parametrize(
    ("wandb", "pluto"),
    [(1, True), (False, 0), (0.3, 0.3 + 1e-12), (2**60, 2**60 + 2**12), (1, "1"), ([1], {"0": 1}), (10**400, 1.0)],
)
def test_other_values_differ(wandb: Any, pluto: Any) -> None:
    """A changed type or digit is noticed."""
    assert not equal_as_stored(wandb, pluto)


def test_values_of_any_kind_can_be_compared() -> None:
    """Lists and dicts on one side only are a difference, not a crash."""
    assert not equal([1], "NaN") and not equal({"a": 1}, math.nan) and not equal("NaN", None)


class Copy:
    """The Pluto side of a run with one text key and one metric."""

    def __init__(self, series: Any) -> None:
        self.types = {"word": {"DATA"}, "loss": {"METRIC"}, "few": {"HISTOGRAM"}}
        self._series = series

    def names(self) -> list[str]:
        return ["loss"]

    def points(self, name: str, steps: list[int]) -> tuple[dict[int, float], bool]:
        return ({0: 1.0, 1: math.nan} if name == "loss" else {}), False

    def series(self) -> Any:
        return self._series


ROWS = {0: {"loss": 1.0, "word": "NaN", "few": [1] * 100}, 1: {"loss": "NaN", "word": "b"}}
FEW = binned_document([1] * 100)


def history(series: Any) -> tuple[Part, Part]:
    """Compare ROWS with a copy that gives these texts back; return the parts of numbers and of texts."""
    recorded: Any = SimpleNamespace(rows=ROWS, summary={}, colliding=set())
    copy: Any = Copy(series)
    numbers, numeric = compare_parts.compare_numbers(recorded, copy, [], "")
    return numbers, compare_documents(recorded, Content(copy, [], False), numeric, "")[0]


def test_texts_are_compared_by_value() -> None:
    """A text that looks like a number's name is a text; lists are compared with the histogram that they become."""
    numbers, texts = history({"word": {0: ["NaN"], 1: ["b"]}, "few": {0: [FEW]}})
    assert (numbers.value, numbers.differences) == (2, [])
    assert (texts.value, texts.by_name, texts.differences) == (3, 0, [])


def test_altered_missing_and_doubled_texts_are_noticed() -> None:
    """Each is named with its step, and so is one that only Pluto has."""
    _, texts = history({"word": {0: ["NaN", "NaN"], 1: ["c"]}, "other": {3: ["x"]}})
    found = {one.what: one.pluto for one in texts.differences}
    assert found == {
        "word at step 0": "2 values",
        "word at step 1": "c",
        "few at step 0": ABSENT,
        "other at step 3": "1 values",
    }
    assert all(one.cause for one in texts.differences)


def test_texts_that_were_not_read_are_not_counted_as_compared() -> None:
    """Where the server does not give them back, they count as compared by name, and the report says why."""
    numbers, texts = history(None)
    assert (numbers.compared, texts.compared, texts.by_name, texts.differences) == (2, 0, 3, [])
    assert "does not give texts" in Report("r", "P-1", "", {"texts": texts}, []).verdict


def test_a_key_that_is_first_a_number_and_then_a_text() -> None:
    """Each value is compared as what it is."""
    recorded: Any = SimpleNamespace(rows={0: {"loss": 1}, 1: {"loss": "x"}}, summary={}, colliding={"a.b"})
    copy: Any = Copy({"loss": {1: ["x"]}})
    copy.points = lambda name, steps: ({0: 1.0}, False)
    numbers, numeric = compare_parts.compare_numbers(recorded, copy, [], "")
    texts, _ = compare_documents(recorded, Content(copy, [], False), numeric, "")
    assert not texts.differences and texts.value == 1
    assert [one.what for one in numbers.differences] == ["a.b"]  # nested and with a dot, which are one key in Pluto


def test_files_beyond_what_the_server_lists_are_not_comparable() -> None:
    """A list that is cut off tells nothing: neither that all files are there nor that one is not."""
    rows = {step: {"img": {"_type": "image-file", "path": f"{step}.png", "size": 1}} for step in range(3)}
    files = [{"logName": "img", "step": 0, "fileName": "a", "fileType": "png", "time": "1"}]
    recorded: Any = SimpleNamespace(rows=rows, summary={})
    copy: Any = SimpleNamespace(all_files=lambda: files, truncated={"img"}, types={"img": {"IMAGE"}})
    part = compare_media(recorded, Content(copy, [], False))
    assert (part.not_comparable, part.compared, part.differences) == (3, 0, []) and part.reasons


def test_artifacts_of_an_online_run_are_not_comparable() -> None:
    """wandb's record of an online run has no artifacts: that is no difference."""
    recorded: Any = SimpleNamespace(artifacts=[])
    entry = {"id": "a", "order": 0, "time": 1, "digest": "x", "version": 0, "type": "t", "size": 1, "run": 1}
    text = json.dumps({**entry, "key": "artifacts/model/manifest", "manifest": "m.json"})
    copy: Any = SimpleNamespace(about={"artifacts": {"model": {"order": 0, "a": text}}})
    content = Content(copy, [], False)
    online = compare_artifacts(recorded, content, "", online=True)
    assert online.not_comparable == 1 and online.reasons and not online.differences
    assert compare_artifacts(recorded, content, "").differences


def test_progress_bars_are_not_comparable_and_other_output_is() -> None:
    """Lines with control characters are drawn, so their number and text differ."""
    lines = [{"lineNumber": n, "logType": "INFO", "message": text, "time": n} for n, text in enumerate(("a", "b"), 1)]
    copy: Any = SimpleNamespace(console=lambda: lines)

    def console(*pieces: str) -> Part:
        recorded: Any = SimpleNamespace(output={"INFO": list(pieces)} if pieces else {})
        return compare_parts.compare_console(recorded, copy)

    assert (console("a", "\n", "b\n").value, console("a\n\nb").differences) == (2, [])
    assert console("10%\r20%\n").not_comparable == console().not_comparable == 2
    assert [one.what for one in console("a\nc\nd\n").differences] == ["stdout, lines", "stdout, line 2"]


def test_what_was_acknowledged_a_moment_ago_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server stores some seconds after its answer; what was seen to be stored, or is older, is not waited for."""
    slept: list[float] = []
    monkeypatch.setattr(compare_runs, "sleep", slept.append)
    offsets = Offsets(tmp_path)
    compare_runs._await_storage(tmp_path)
    offsets.acknowledge("metrics", "rows-1-000001.journal", 10, 0)
    compare_runs._await_storage(tmp_path)
    monkeypatch.setattr(compare_runs, "time", lambda: time.time() + 60)
    compare_runs._await_storage(tmp_path)
    offsets.mark_stored(offsets.unstored()[0])
    compare_runs._await_storage(tmp_path)
    compare_runs._await_storage(tmp_path / "nothing")
    assert [second > 0 for second in slept] == [False, True, False, False]


def test_exit_codes() -> None:
    """0 same, 1 different, 3 same as far as it was compared."""

    def report(**fields: Any) -> Report:
        return Report("r", "P-1", "", {"config": Part(**fields)}, [])

    assert report(value=1).exit_code == 0
    assert report(value=1, by_name=2).exit_code == report(value=1, not_comparable=1).exit_code == 3
    different = report(value=1, by_name=1)
    different.parts["config"].check("a", 1, 2)
    assert different.exit_code == 1


def test_a_crash_is_not_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error ends with 2, and names itself."""

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(compare_runs, "compare", fail)
    result = CliRunner().invoke(compare.command, ["somewhere"])
    assert result.exit_code == 2 and "ZeroDivisionError: by zero" in result.output

"""What `compare` counts as equal, as different, and as not compared."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from wandb_compat.cli import compare, compare_parts, compare_runs
from wandb_compat.cli.compare_report import ABSENT, Part, Report
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


def history(series: Any) -> Part:
    """Compare ROWS with a copy that gives these texts back."""
    recorded: Any = SimpleNamespace(rows=ROWS)
    copy: Any = Copy(series)
    return compare_parts.compare_history(recorded, copy, [], "")


def test_texts_are_compared_by_value() -> None:
    """A text that looks like a number's name is a text; lists are compared by their presence."""
    part = history({"word": {0: ["NaN"], 1: ["b"]}, "few": {0: ["{}"]}})
    assert (part.compared, part.by_name, part.differences) == (4, 1, [])


def test_altered_missing_and_doubled_texts_are_noticed() -> None:
    """Each is named with its step."""
    part = history({"word": {0: ["NaN", "NaN"], 1: ["c"]}})
    found = {one.what: one.pluto for one in part.differences}
    assert found == {"word at step 0": "2 texts", "word at step 1": "c", "few at step 0": ABSENT}


def test_texts_that_were_not_read_are_not_counted_as_compared() -> None:
    """Where the server does not give them back, they count as compared by name."""
    part = history(None)
    assert (part.compared, part.by_name, part.differences) == (2, 3, [])


def test_artifacts_of_an_online_run_are_not_comparable() -> None:
    """wandb's record of an online run has no artifacts: that is no difference."""
    recorded: Any = SimpleNamespace(artifacts=[])
    copy: Any = SimpleNamespace(about={"artifacts": {"model": {"order": 1, "a": '{"digest": "x"}'}}})
    assert compare_parts.compare_artifacts(recorded, copy, "", online=True).by_name == 1
    assert compare_parts.compare_artifacts(recorded, copy, "").differences


def test_exit_codes() -> None:
    """0 same, 1 different, 3 same as far as it was compared."""

    def report(**fields: Any) -> Report:
        return Report("r", "P-1", "", {"config": Part(**fields)}, [])

    assert report(compared=1).exit_code == 0
    assert report(compared=1, by_name=2).exit_code == 3
    different = report(compared=1, by_name=1)
    different.parts["config"].check("a", 1, 2)
    assert different.exit_code == 1


def test_a_crash_is_not_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error ends with 2, and names itself."""

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(compare_runs, "compare", fail)
    result = CliRunner().invoke(compare.command, ["somewhere"])
    assert result.exit_code == 2 and "ZeroDivisionError: by zero" in result.output

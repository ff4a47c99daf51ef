"""When hyperband ends a run early."""

import pytest

from wandb._native.sweeps.early_stopping import bands, should_stop_early
from wandb.errors import UsageError

HISTORIES = {"a": [10, 9], "b": [10, 10], "c": [10, 8, 8], "d": [10, 7, 7], "e": [10, 6, 6]}


def test_bands() -> None:
    """From `max_iter` downwards `s` times, or from `min_iter` upwards."""
    assert bands({"type": "hyperband", "max_iter": 27, "s": 2}) == [3, 9]
    assert bands({"type": "hyperband", "max_iter": 5, "eta": 2, "s": 2}) == [1, 2]
    assert bands({"type": "hyperband", "min_iter": 3})[:4] == [3, 9, 27, 81]


def test_the_worst_are_ended() -> None:
    """The example of wandb's own documentation: with two bands of five runs, only the second is behind at its band."""
    rules = {"type": "hyperband", "max_iter": 5, "eta": 2, "s": 2}
    histories = list(HISTORIES.values())
    assert [name for name, mine in HISTORIES.items() if should_stop_early(rules, mine, histories, False)] == ["a", "b"]
    turned = {name: [-value for value in history] for name, history in HISTORIES.items()}
    histories = list(turned.values())
    assert [name for name, mine in turned.items() if should_stop_early(rules, mine, histories, True)] == ["a", "b"]


def test_strict_looks_at_the_band_itself() -> None:
    """A run that is good later is spared, unless `strict`."""
    rules = {"type": "hyperband", "min_iter": 2, "eta": 3}
    mine, others = [9, 9, 1], [[5, 5], [4, 4], [9, 9, 1]]
    assert not should_stop_early(rules, mine, others, False)
    assert should_stop_early({**rules, "strict": True}, mine, others, False)


def test_before_the_first_band_nothing_is_ended() -> None:
    """A run that has not logged enough values goes on, and values that are not numbers do not count."""
    rules = {"type": "hyperband", "min_iter": 3}
    assert not should_stop_early(rules, [9, 9, float("nan")], [[1, 1, 1], [9, 9]], False)


def test_other_rules_are_refused() -> None:
    """Other types, and rules that do not say when, are named."""
    with pytest.raises(UsageError, match="envelope"):
        bands({"type": "envelope"})
    with pytest.raises(UsageError, match="min_iter"):
        bands({"type": "hyperband"})

"""Values that no encoder takes become short text."""

import json
from typing import Any

import pytest

from wandb_compat.spool import records
from wandb_compat.spool.bounded import DEEPEST, bounded


def nested(levels: int, make: Any) -> Any:
    """Return a container in a container, and so on."""
    value: Any = 1
    for _ in range(levels):
        value = make(value)
    return value


@pytest.mark.parametrize("make", [lambda inner: {"a": inner}, lambda inner: [inner], lambda inner: (inner,)])
@pytest.mark.parametrize("levels", [DEEPEST + 1, 330, 5000])
def test_deep_containers_are_encoded(make: Any, levels: int) -> None:
    """A record with a value nested hundreds or thousands of levels deep is encoded, its other values are kept."""
    line = records.encode(records.Config({"deep": nested(levels, make), "lr": 0.1}))
    document = json.loads(line.partition(b" ")[2])
    assert document["values"]["lr"] == 0.1
    assert f"nested more than {DEEPEST} levels deep" in line.decode()


def test_containers_within_the_limit_stay_as_they_are() -> None:
    """Up to the limit nothing changes."""
    value = nested(DEEPEST - 1, lambda inner: {"a": [inner]} if isinstance(inner, int) else {"a": inner})
    assert bounded(value) == value


@pytest.mark.parametrize("value", [10**5000, -(10**5000), 2**200_000], ids=["positive", "negative", "power"])
def test_integers_with_thousands_of_digits_become_text(value: int) -> None:
    """They cannot be converted to decimal; smaller ones stay exact."""
    document = json.loads(records.encode(records.Config({"huge": value, "large": 10**300})).partition(b" ")[2])
    assert document["values"]["huge"] == f"<integer of {value.bit_length()} bits>"
    assert document["values"]["large"] == 10**300


def test_an_object_that_is_no_json_becomes_text() -> None:
    """Also one whose text raises."""

    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no text")

        __str__ = __repr__

    document = json.loads(records.encode(records.Config({"object": Hostile(), "lr": 1})).partition(b" ")[2])
    assert document["values"] == {"object": "<Hostile>", "lr": 1}

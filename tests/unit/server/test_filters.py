"""The filter language obeys the laws of logic and agrees with a plain reading of it."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_compat.server.query.filters import Candidate, compile_filter, flatten, number

NUMBERS = st.integers(-3, 3)
COMPARISONS = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le, "$eq": operator.eq}
LEAVES = st.one_of(
    st.tuples(st.sampled_from("ab"), st.sampled_from(sorted(COMPARISONS)), NUMBERS).map(
        lambda leaf: {f"config.{leaf[0]}": {leaf[1]: leaf[2]}}
    ),
    st.tuples(st.sampled_from("ab"), st.sampled_from(["$in", "$nin"]), st.lists(NUMBERS, max_size=3)).map(
        lambda leaf: {f"config.{leaf[0]}": {leaf[1]: leaf[2]}}
    ),
    st.tuples(st.sampled_from("ab"), NUMBERS).map(lambda leaf: {f"config.{leaf[0]}": {"$ne": leaf[1]}}),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"$and": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"$or": parts}),
        inner.map(lambda part: {"$not": part}),
        st.tuples(inner, inner).map(lambda parts: {**parts[0], **parts[1]}),
    ),
    max_leaves=8,
)
CONFIGS = st.dictionaries(st.sampled_from("ab"), NUMBERS | NUMBERS.map(str))


def run_with(config: dict[str, Any]) -> Candidate:
    """Return a run of which only the config matters."""
    return Candidate("r", "RUNNING", [], 0, 0, None, config=config)


def reading(node: dict[str, Any], config: dict[str, Any]) -> bool:
    """Return what the grammar says, read word by word."""
    verdicts = []
    for key, value in node.items():
        if key == "$and":
            verdicts.append(bool(value) and all(reading(part, config) for part in value))
        elif key == "$or":
            verdicts.append(any(reading(part, config) for part in value))
        elif key == "$not":
            verdicts.append(not reading(value, config))
        else:
            stored = config.get(key.removeprefix("config."))
            stored = None if stored is None else int(stored)
            [(name, operand)] = value.items()
            if name in ("$nin", "$ne"):
                verdicts.append(stored not in (operand if name == "$nin" else [operand]))
            elif name == "$in":
                verdicts.append(stored in operand)
            else:
                verdicts.append(stored is not None and COMPARISONS[name](stored, operand))
    return all(verdicts)


@given(node=FILTERS, config=CONFIGS)
def test_filters_agree_with_a_plain_reading(node: dict[str, Any], config: dict[str, Any]) -> None:
    """However deep, for numbers, numbers as text, and missing keys."""
    assert compile_filter(node)(run_with(config)) == reading(node, config)


@given(document=st.recursive(NUMBERS, lambda inner: st.dictionaries(st.text("xyz", min_size=1), inner), max_leaves=8))
def test_flattening_keeps_every_leaf(document: Any) -> None:
    """Each dotted key leads back to its value."""
    for key, value in flatten(document).items():
        place = document
        for part in key.split("."):
            place = place[part]
        assert place == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        ("1", 1.0),
        ("-1.5e3", -1500.0),
        (".5", 0.5),
        ("0", 0.0),
        ("007", None),
        ("0x1f", None),
        ("1_000", None),
        (" 1", None),
        ("1\n", None),
        ("", None),
        (".", None),
        ("e5", None),
        ("nan", None),
        ("\u0661", None),
        (10**400, None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_only_what_people_would_call_a_number_is_one(value: Any, expected: float | None) -> None:
    """Numbers and texts that look like one, but not names made of digits."""
    assert number(value) == expected

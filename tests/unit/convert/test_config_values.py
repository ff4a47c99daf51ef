"""Values in the configuration, and in the summary of a row, have the form that wandb gives them."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import enum
import types
from collections import Counter, OrderedDict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy
import pydantic
import pytest

from wandb_compat.convert import video
from wandb_compat.convert.convert_row import convert_row
from wandb_compat.convert.json_values import config_value, json_value


@dataclasses.dataclass
class Options:
    """A dataclass with another in it."""

    rate: float = 0.1
    inner: Any = None


class Model(pydantic.BaseModel):
    """A model of pydantic, which allows further fields."""

    model_config = pydantic.ConfigDict(extra="allow")
    rate: float = 0.1


class Colour(enum.Enum):
    """An enum."""

    RED = 1


class AttrsLike:
    """An object with the mark that attrs gives to its classes."""

    __attrs_attrs__ = (types.SimpleNamespace(name="rate"),)
    rate = 0.1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (numpy.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
        (numpy.bool_(True), True),
        (numpy.float32(1.5), 1.5),
        (Decimal("1.5"), "1.5"),
        (Fraction(1, 3), "1/3"),
        (1 + 2j, "1+2j"),
        (slice(1, 2, 3), {"slice_start": 1, "slice_step": 3, "slice_stop": 2}),
        ({(1, 2): 3, 1: 4, None: 5}, {"1,2": 3, "1": 4, "None": 5}),
        (2**70, 2**70),
        (Colour.RED, "RED"),
        (OrderedDict(a=1), {"a": 1}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (deque([1]), [1]),
        (namedtuple("Point", "x y")(1, 2), [1, 2]),
        (range(3), [0, 1, 2]),
        ({1, 2}, [1, 2]),
        (b"abc", "abc"),
        (Path("a/b"), "a/b"),
        (datetime.date(2020, 1, 2), "2020-01-02"),
        (Options(inner=Options()), {"rate": 0.1, "inner": {"rate": 0.1, "inner": None}}),
        ([Options()], [{"rate": 0.1, "inner": None}]),
        (Model(extra=[Model()]), {"rate": 0.1, "extra": [{"rate": 0.1}]}),
        (argparse.Namespace(a=1, b=argparse.Namespace(c=2)), {"a": 1, "b": {"c": 2}}),
        (types.SimpleNamespace(a={"b": numpy.int64(2)}), {"a": {"b": 2}}),
        (AttrsLike(), {"rate": 0.1}),
    ],
)
def test_config_values_have_wandbs_form(value: Any, expected: Any) -> None:
    """Containers of every library become dicts and lists, wherever they are; numbers keep their kind."""
    assert config_value(value) == expected and config_value({"inner": [value]}) == {"inner": [expected]}
    assert type(config_value(value)) is type(expected)


def test_large_arrays_in_the_config_become_a_short_text() -> None:
    """Of a million numbers the configuration holds numpy's summary; elsewhere arrays are written in full."""
    weights = numpy.zeros(1_000_000)
    assert config_value({"weights": weights}) == {"weights": "[0. 0. 0. ... 0. 0. 0.]"}
    assert len(json_value(weights)) == 1_000_000


def test_containers_that_hold_themselves_end() -> None:
    """A circle is cut, in dicts, lists and dataclasses."""
    options = Options()
    options.inner = [options]
    assert config_value(options) == {"rate": 0.1, "inner": ["<circular>"]}


def test_small_arrays_keep_their_shape_in_the_summary(tmp_path: Path) -> None:
    """Metrics are flat, and the summary holds the nested lists of wandb."""
    row = convert_row({"confusion": numpy.arange(6).reshape(2, 3)}, 0, 0, tmp_path)
    assert row.summary == {"confusion": [[0, 1, 2], [3, 4, 5]]}
    assert row.numbers == {f"confusion/{index}": index for index in range(6)}


def test_booleans_of_a_list_stay_booleans_in_the_summary(tmp_path: Path) -> None:
    """As metrics they are 0 and 1."""
    row = convert_row({"a": [True, numpy.bool_(False), 3]}, 0, 1, tmp_path)
    assert [(type(value), value) for value in row.summary["a"]] == [(bool, True), (bool, False), (int, 3)]
    assert row.numbers == {"a/0": 1, "a/1": 0, "a/2": 3}


@pytest.mark.parametrize("value", [True, numpy.bool_(True), numpy.array([True])])
def test_booleans_are_metrics_and_stay_booleans_in_the_summary(value: Any, tmp_path: Path) -> None:
    """The metric is 1, the summary holds True, for numpy's scalars too."""
    row = convert_row({"flag": value}, 0, 0, tmp_path)
    assert row.numbers == {"flag": 1} and row.summary["flag"] is True


@pytest.mark.parametrize(
    ("shape", "taken", "guessed"),
    [
        ((4, 3, 16, 8), (4, 3, 16, 8), False),
        ((2, 4, 1, 16, 8), (2, 4, 1, 16, 8), False),
        ((4, 64, 48, 3), (4, 3, 64, 48), True),
        ((4, 64, 48, 1), (4, 1, 64, 48), True),
        ((2, 4, 64, 48, 3), (2, 4, 3, 64, 48), True),
        ((4, 2, 16, 8), (4, 3, 16, 8), True),
        ((4, 7, 16, 8), (4, 3, 16, 8), True),
    ],
)
def test_videos_of_every_layout_are_taken(shape: Any, taken: Any, guessed: bool, tmp_path: Path) -> None:
    """Channels may come last, or be two or many: the layout is guessed, and the file is written."""
    data = numpy.random.default_rng(0).integers(0, 255, shape, dtype=numpy.uint8)
    frames, was_guessed = video.channels_first(data)
    assert frames.shape == taken and was_guessed is guessed
    file = video.from_array(data, 4, "gif")
    file.write(tmp_path / "video.gif")
    assert (tmp_path / "video.gif").read_bytes().startswith(b"GIF")

"""Draws nested values, and compares what the real wandb records of them with what our converter makes.

Run by the Python of the real wandb, with our converter on its path; exits with 1 and the smallest value that differs.
"""

import argparse
import collections
import dataclasses
import datetime
import enum
import json
import math
import os
import sys
import tempfile
import types
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attr
import numpy as np
import pydantic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wandb


class Colour(enum.Enum):
    """An enum."""

    RED = 1
    BLUE = "blue"


@dataclasses.dataclass
class Options:
    """A dataclass."""

    inner: Any


@attr.s(auto_attribs=True)
class Attributes:
    """A class of attrs."""

    inner: Any


class Model(pydantic.BaseModel):
    """A model of pydantic."""

    inner: Any


NUMBERS = st.integers(-(2**53), 2**53) | st.floats(width=32)
DTYPES = st.sampled_from([np.bool_, np.int8, np.int64, np.uint16, np.float32, np.float64])
SHAPES = st.sampled_from([(), (1,), (3,), (2, 2), (0,), (40,), (2, 20)])
ARRAYS = st.builds(lambda dtype, shape: (np.arange(math.prod(shape)).reshape(shape) % 5).astype(dtype), DTYPES, SHAPES)
LEAVES = (
    st.none()
    | st.booleans()
    | NUMBERS
    | st.text(max_size=5)
    | NUMBERS.map(np.float64)
    | st.booleans().map(np.bool_)
    | st.integers(-100, 100).map(np.int16)
    | ARRAYS
)
# wandb refuses these in a summary: they are drawn for the configuration only.
SPECIAL = (
    st.integers(0, 9).map(Decimal)
    | st.builds(Fraction, st.integers(0, 9), st.integers(1, 9))
    | st.builds(complex, st.integers(-9, 9), st.integers(-9, 9))
    | st.builds(slice, st.integers(0, 9), st.integers(0, 9))
    | st.sampled_from(Colour)
    | st.dates()
    | st.sampled_from([Path("a/b"), b"bytes", range(3), datetime.timedelta(1)])
)
KEYS = st.text("abc", min_size=1, max_size=3)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return the containers that a summary takes too."""
    return (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3).map(collections.OrderedDict)
    )


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return all containers, those of configuration libraries included."""
    return containers(inner) | st.one_of(
        st.builds(Options, inner),
        st.builds(Attributes, inner),
        inner.map(lambda value: Model(inner=value)),
        inner.map(lambda value: argparse.Namespace(inner=value)),
        inner.map(lambda value: types.SimpleNamespace(inner=value)),
        st.dictionaries(st.tuples(st.integers(0, 9), st.booleans()) | st.integers(0, 9) | st.none(), inner, max_size=2),
        st.lists(inner, max_size=3).map(collections.deque),
    )


def in_our_form(value: Any) -> Any:
    """Return a value with dicts and numbers for the objects that wandb writes as text and we, better, as they are."""
    if isinstance(value, np.ndarray) and value.size == 1:
        return value.item()
    if isinstance(value, (Attributes, Model, argparse.Namespace, types.SimpleNamespace)):
        return {"inner": in_our_form(value.inner)}
    if isinstance(value, Options):
        return Options(in_our_form(value.inner))
    if isinstance(value, dict):
        return type(value)((key, in_our_form(inner)) for key, inner in value.items())
    if isinstance(value, (list, tuple, collections.deque)):
        return type(value)(map(in_our_form, value))
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values of JSON are equal; 1 is not True, and NaN may be null, as wandb writes some of them."""
    if isinstance(one, float) and math.isnan(one):
        return other is None or (isinstance(other, float) and math.isnan(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def main() -> None:
    """Compare."""
    from wandb_compat.convert.json_values import config_value, summary_value

    run = wandb.init()
    kept: list[Any] = []
    run._interface._publish_config = kept.append
    run._interface._publish_summary = kept.append
    options = settings(
        max_examples=int(sys.argv[1]), deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip

    @options
    @given(value=st.recursive(LEAVES | SPECIAL, objects, max_leaves=6))
    def config(value: Any) -> None:
        kept.clear()
        run.config.update({"v": in_our_form(value)}, allow_val_change=True)
        expected = json.loads(kept[0].update[0].value_json)
        got = json.loads(json.dumps(config_value(value)))
        assert same(got, expected), f"config: ours {got!r}, wandb {expected!r}"

    @options
    @given(value=st.recursive(LEAVES, containers, max_leaves=6))
    def summary(value: Any) -> None:
        kept.clear()
        try:
            run.summary["v"] = value
        except TypeError:  # of large arrays of booleans, wandb cannot make statistics
            return
        expected = json.loads(kept[0].update[0].value_json)
        got = json.loads(json.dumps(summary_value(value)))
        assert same(got, expected), f"summary: ours {got!r}, wandb {expected!r}"

    failed = []
    for compare in (config, summary):
        try:
            compare()
        except Exception as error:
            each = getattr(error, "exceptions", (error,))
            failed += [f"{one} {' '.join(getattr(one, '__notes__', ()))}" for one in each]
    print("\n".join(failed) or "equal")
    sys.stdout.flush()
    os._exit(bool(failed))


if __name__ == "__main__":
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off")
    warnings.simplefilter("ignore")
    os.chdir(tempfile.mkdtemp())
    main()

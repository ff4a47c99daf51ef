"""Every logged row gets wandb's step, and rows of one step come together as one."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wandb
from wandb._native.run.terminal import terminal_notifier
from wandb_compat.run.history import History, KeepLowerSteps

KEYS = st.sampled_from("abc")
CALLS = st.lists(
    st.tuples(
        st.dictionaries(KEYS, st.integers(0, 9), max_size=3),
        st.none() | st.integers(0, 12),
        st.sampled_from([None, None, True, False]),
    ),
    max_size=30,
)


class Server:
    """Takes rows and merges them as Pluto does: by key and step, the newest time wins."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, int], tuple[int, Any]] = {}

    def row(self, data: Mapping[str, Any], step: int, time: int, plain: bool) -> Mapping[str, Any]:
        """Take a row."""
        for key, value in data.items():
            old, _ = self.values.get((key, step), (-1, None))
            assert time != old, "the server could not tell which of two values is the newer one"
            if time > old:
                self.values[key, step] = (time, value)
        return data

    def merged(self) -> dict[int, dict[str, Any]]:
        """Return the rows by step."""
        rows: dict[int, dict[str, Any]] = defaultdict(dict)
        for (key, step), (_, value) in self.values.items():
            rows[step][key] = value
        return dict(rows)


class Reference:
    """wandb's rules, as its documentation states them, with lower steps kept."""

    def __init__(self) -> None:
        self.step = 0
        self.rows: dict[int, dict[str, Any]] = defaultdict(dict)
        self.last: dict[str, Any] = {}

    def log(self, data: dict[str, Any], step: int | None, commit: bool | None) -> None:
        """Log."""
        self.last.update(data)
        if step is not None and step < self.step:
            self.rows[step].update(data)
            return
        if step is not None:
            self.step = step
        self.rows[self.step].update(data)
        if commit or (commit is None and step is None):
            self.step += 1


@given(calls=CALLS, numpy_steps=st.booleans())
def test_any_sequence_of_calls_leaves_the_rows_that_wandb_would(calls: Any, numpy_steps: bool) -> None:
    """Rows, summary and the next step follow wandb's rules for every mixture of step and commit."""
    server, reference = Server(), Reference()
    history = History(server.row, lambda: None, KeepLowerSteps(terminal_notifier()))
    for data, step, commit in calls:
        reference.log(data, step, commit)
        history.add(data, numpy.int64(step) if numpy_steps and step is not None else step, commit)
        assert history.step == reference.step
    assert server.merged() == {step: row for step, row in reference.rows.items() if row}
    assert history.items == reference.last


def test_threads_get_distinct_steps() -> None:
    """Rows that threads log without a step never share one."""
    server = Server()
    history = History(server.row, lambda: None, KeepLowerSteps(terminal_notifier()))

    def log(name: str) -> None:
        for value in range(200):
            history.add({name: value})

    threads = [threading.Thread(target=log, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert history.step == 800
    assert sorted(server.merged()) == list(range(800))


def test_a_row_that_is_refused_takes_no_step() -> None:
    """After a TypeError the next row takes the step of the refused one."""
    run = wandb.init(mode="offline")
    for bad in ([1], None, 5, {1: 2}, {"a": 1, 2: 3}):
        with pytest.raises(TypeError):
            run.log(bad)
    with pytest.raises(TypeError, match=r"wandb\.log must be passed a dictionary"):
        run.log([1])
    with pytest.raises(TypeError, match=r"Key values passed to `wandb\.log` must be strings"):
        run.log({1: 2})
    assert run.step == 0


@pytest.mark.parametrize("step", [1.5, "7", True, [1]])
def test_a_step_that_is_no_integer_is_a_type_error(step: Any) -> None:
    """The error names the step; nothing is logged."""
    run = wandb.init(mode="offline")
    with pytest.raises(TypeError, match="step must be an integer"):
        run.log({"a": 1}, step=step)


@pytest.mark.parametrize("step", [-1, -(2**70), 2**63, 2**70])
def test_a_step_outside_of_what_pluto_stores_loses_no_row(step: int, read, capsys) -> None:  # type: ignore[no-untyped-def]
    """The row has the current step, with one warning."""
    run = wandb.init(mode="offline")
    run.log({"a": 1}, step=4)
    run.log({"b": 2}, step=step)
    run.log({"c": 3}, step=step)
    run.finish()
    assert read(run).rows() == [(4, {"a": 1}), (4, {"b": 2}), (4, {"c": 3})]
    assert capsys.readouterr().err.count("is outside of") == 1


def test_a_lower_step_is_kept_and_said_once(read, capsys) -> None:  # type: ignore[no-untyped-def]
    """wandb drops such rows; Pluto takes them, and the current step stays."""
    run = wandb.init(mode="offline")
    run.log({"a": 1}, step=9)
    run.log({"late": 1}, step=3)
    run.log({"late": 2}, step=4, commit=True)
    assert run.step == 9
    run.finish()
    assert read(run).rows() == [(9, {"a": 1}), (3, {"late": 1}), (4, {"late": 2})]
    assert capsys.readouterr().err.count("is lower than the current step") == 1


def test_step_can_be_positional_and_data_a_keyword(read) -> None:  # type: ignore[no-untyped-def]
    """Megatron passes the step by position, verl the data by name; `sync` is accepted; nothing is returned."""
    wandb.init(mode="offline")
    run = wandb.run
    assert wandb.log({"a": 1}, 7) is None
    wandb.log(data={"b": 2}, step=8, commit=True)
    wandb.log({"c": 3}, sync=False)
    assert run.step == 10
    wandb.finish()
    assert read(run).rows() == [(7, {"a": 1}), (8, {"b": 2}), (9, {"c": 3})]


def test_a_float_that_is_an_integer_is_a_step() -> None:
    """`step=3.0` is what arithmetic on numpy and JSON leaves; it means 3."""
    run = wandb.init(mode="offline")
    run.log({"a": 1}, step=3.0)
    assert run.step == 3


def test_the_callers_dict_is_neither_changed_nor_kept(read) -> None:  # type: ignore[no-untyped-def]
    """Changing the dict after the call changes nothing of what was logged."""
    run = wandb.init(mode="offline")
    data = {"a": 1, "n": {"m": 2}}
    for _ in range(2):
        run.log(data)
    data["a"] = 99
    data["n"]["m"] = 99  # type: ignore[index]
    run.finish()
    assert read(run).rows() == [(0, {"a": 1, "n.m": 2}), (1, {"a": 1, "n.m": 2})]
    assert run.summary["a"] == 1 and run.summary["n"]["m"] == 2

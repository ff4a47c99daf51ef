"""Steps, times, summary and its publication: one class for native runs and dual mode."""

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_compat.config import limits
from wandb_compat.run import history as module
from wandb_compat.run.history import History, KeepLowerSteps, drop_lower_steps
from wandb_compat.spool.notifier import CallbackNotifier

CALLS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), max_size=3),
        st.none() | st.integers(0, 12),
        st.sampled_from([None, True, False]),
    ),
    max_size=30,
)


class Clock:
    """Replaces the time of the module."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000.0
        monkeypatch.setattr(module, "time", lambda: self.now)


class Rows:
    """Takes rows as a pipeline does."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, Any], int, int]] = []

    def __call__(self, data: Mapping[str, Any], step: int, time: int, plain: bool) -> Mapping[str, Any]:
        self.taken.append((dict(data), step, time))
        return data


def silent() -> CallbackNotifier:
    """Return a notifier that shows nothing."""
    return CallbackNotifier(lambda level, text: None)


@given(calls=CALLS)
def test_both_policies_agree_where_no_step_is_lower(calls: Any) -> None:
    """A native run and dual mode differ in nothing but rows at lower steps."""
    kept, dropped = Rows(), Rows()
    native = History(kept, lambda: None, KeepLowerSteps(silent()))
    dual = History(dropped, lambda: None, drop_lower_steps)
    for data, step, commit in calls:
        if step is None or step >= native.step:
            native.add(data, step, commit)
            dual.add(data, step, commit)
            assert native.step == dual.step
    assert [row[:2] for row in kept.taken] == [row[:2] for row in dropped.taken]
    assert native.items == dual.items


def test_dual_mode_drops_a_row_at_a_lower_step_as_wandb_does() -> None:
    """It leaves neither a row nor a value in the summary, and takes no step."""
    rows = Rows()
    history = History(rows, lambda: None, drop_lower_steps, first_step=5)
    history.add({"a": 1}, step=4)
    assert (rows.taken, history.items, history.step) == ([], {}, 5)


def test_rows_of_one_step_get_different_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest time wins on the server, so each row of a step is newer than the one before."""
    Clock(monkeypatch)
    rows = Rows()
    history = History(rows, lambda: None, drop_lower_steps)
    for value in range(5):
        history.add({"a": value}, commit=False)
    times = [time for _, _, time in rows.taken]
    assert times == sorted(set(times))


def test_a_row_that_is_refused_takes_no_step() -> None:
    """The step stays when the row raises."""

    def refuse(data: Mapping[str, Any], step: int, time: int, plain: bool) -> Mapping[str, Any]:
        raise TypeError("a value of a type that cannot be sent")

    history = History(refuse, lambda: None, drop_lower_steps)
    with pytest.raises(TypeError):
        history.add({"a": object()})
    assert history.step == 0


def test_the_summary_is_published_soon_and_then_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first rows are in a published summary after SUMMARY_DELAY; the interval then grows to SUMMARY_INTERVAL."""
    clock = Clock(monkeypatch)
    published: list[float] = []
    history = History(Rows(), lambda: published.append(clock.now), drop_lower_steps)
    history.publish_in_background()
    began = clock.now
    for second in range(200):
        clock.now = began + second
        history.add({"a": second})
        history.publish_if_due()
    gaps = [later - earlier for earlier, later in itertools.pairwise(published)]
    assert published[0] - began == limits.SUMMARY_DELAY
    assert gaps == sorted(gaps)
    assert gaps[-1] == limits.SUMMARY_INTERVAL


def test_nothing_is_published_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that logs no more sends its summary once."""
    clock = Clock(monkeypatch)
    published: list[float] = []
    history = History(Rows(), lambda: published.append(clock.now), drop_lower_steps)
    history.publish_in_background()
    history.add({"a": 1})
    for _ in range(100):
        clock.now += 10
        history.publish_if_due()
    assert len(published) == 1


def test_a_change_by_the_script_is_published_within_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the middle of a long interval; many changes in a row are published together."""
    clock = Clock(monkeypatch)
    published: list[float] = []
    history = History(Rows(), lambda: published.append(clock.now), drop_lower_steps)
    history.publish_in_background()
    for _ in range(200):
        clock.now += 1
        history.add({"a": 1})
        history.publish_if_due()
    clock.now += limits.SUMMARY_CHANGE_INTERVAL
    history.publish_if_due()
    published.clear()
    changed = clock.now
    for _ in range(100):
        clock.now += 0.1
        history.items["best"] = clock.now
        history.summary_changed()
        history.publish_if_due()
    assert published[0] - changed <= limits.SUMMARY_DELAY + 0.2
    assert len(published) <= 10 / limits.SUMMARY_CHANGE_INTERVAL + 1


def test_without_a_thread_the_caller_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a forked child a change is published at once: the child may end without notice."""
    clock = Clock(monkeypatch)
    published: list[float] = []
    history = History(Rows(), lambda: published.append(clock.now), drop_lower_steps)
    history.summary_changed()
    assert published == [clock.now]


def test_a_child_publishes_only_what_it_has_changed() -> None:
    """The parent publishes the rest: an old copy of it must not replace newer values."""
    history = History(Rows(), lambda: None, drop_lower_steps)
    history.add({"a": 1, "b": 1})
    assert history.own_items() == {"a": 1, "b": 1}
    history.after_fork()
    history.add({"b": 2, "c": 3})
    assert history.own_items() == {"b": 2, "c": 3}
    assert history.items == {"a": 1, "b": 2, "c": 3}

"""What a lane collects of several files, and when it sends it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.helpers.clock import Clock
from wandb_compat.config.limits import SAMPLES_INTERVAL, SEND_INTERVALS
from wandb_compat.spool.journal import Entry
from wandb_compat.uploader import pace
from wandb_compat.uploader.lane import Lane

FIRST, LONGEST = SEND_INTERVALS


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of every pace."""
    made = Clock()
    monkeypatch.setattr(pace, "monotonic", made)
    return made


def lane(**more: Any) -> Lane:
    client: Any = None
    return Lane("metrics", lambda lines: [], 1000, client, **more)


def entries(count: int, begin: int = 0, kind: bytes = b"row", size: int = 100) -> list[Entry]:
    """Return entries that lie one after the other in a file."""
    return [Entry(kind, kind + b" " + b"x" * (size - len(kind) - 1), begin + (i + 1) * size) for i in range(count)]


def send_all(lane: Lane) -> list[int]:
    """Deliver what is due; return how many entries each request had."""
    sent = []
    while (batch := lane.next_batch(only_full=False)) is not None:
        lane.remove(batch)
        lane.pace.sent()
        sent.append(sum(map(len, batch.values())))
    return sent


def test_one_request_for_what_several_files_hold(clock: Clock) -> None:
    """What the trainer, its children and the uploader have written goes together."""
    one = lane()
    for file in ("run.wandb", "rows-7-1.journal", "system-8-1.journal"):
        one.add(file, entries(2), 200)
    assert send_all(one) == [6]
    assert one.remaining() is None


def test_intervals_grow_to_the_longest(clock: Clock) -> None:
    """The first rows are sent at once, later ones wait for others, but never for longer than the longest interval."""
    one, times, tick = lane(), [], FIRST / 8  # a power of two, so that sums are exact
    for _ in range(1000):
        one.add("run.wandb", entries(1, size=10), 10)
        if send_all(one):
            times.append(clock.now)
        clock.now += tick
    assert times[0] == 1000.0
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps[0] == FIRST and gaps[1] == 2 * FIRST and gaps[-1] == max(gaps) == LONGEST


def test_a_row_after_a_pause_is_sent_at_once(clock: Clock) -> None:
    """A script that logs now and then is not slowed down."""
    one = lane()
    for _ in range(20):
        one.add("run.wandb", entries(1), 100)
        assert send_all(one) == [1]
        clock.now += LONGEST


@pytest.mark.parametrize("kind", [b"alert", b"exit"])
def test_urgent_records_wait_for_nothing(clock: Clock, kind: bytes) -> None:
    """An alert and the end of the run take along what waits."""
    one = lane()
    one.pace.sent()
    one.add("run.wandb", entries(2), 200)
    assert send_all(one) == []
    one.add("run.wandb", entries(1, 200, kind), 300)
    assert send_all(one) == [3]
    one.add("run.wandb", entries(1, 300), 400)
    assert send_all(one) == []


def test_full_batches_wait_for_nothing(clock: Clock) -> None:
    """A fast script's rows go in full batches, and only the remainder waits."""
    one = lane()
    one.pace.sent()
    one.add("run.wandb", entries(25), 2500)
    assert send_all(one) == [10, 10]
    assert not one.is_full
    one.pace.hurry()
    assert send_all(one) == [5]


def test_counted_batches_are_full_by_their_count(clock: Clock) -> None:
    """Ten files are announced together, whatever their records weigh."""
    one = lane(count=4)
    one.pace.sent()
    one.add("run.wandb", entries(9, size=10), 90)
    assert send_all(one) == [4, 4]


def test_samples_alone_wait_longer(clock: Clock) -> None:
    """An idle run sends its system metrics seldom, and with rows when there are any."""
    one = lane()
    one.pace.sent()
    one.add("system-8-1.journal", entries(1), 100)
    clock.now += SAMPLES_INTERVAL - 1
    assert send_all(one) == []
    clock.now += 1
    assert send_all(one) == [1]
    one.add("system-8-1.journal", entries(1, 100), 200)
    clock.now += LONGEST
    one.add("run.wandb", entries(1), 100)
    assert send_all(one) == [2]


def test_offsets_follow_what_was_delivered(clock: Clock) -> None:
    """A file is done up to its last delivered entry, or up to where it was read once nothing of it is left."""
    one = lane()
    one.add("a", entries(8), 950)
    one.add("b", entries(4), 400)
    batch = one.next_batch(only_full=True)
    assert batch is not None and {file: len(part) for file, part in batch.items()} == {"a": 8, "b": 2}
    assert one.remove(batch) == {"a": 950, "b": 200}
    assert (one.position("a"), one.position("b")) == (None, 400)

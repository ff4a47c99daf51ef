"""Which refused records are given up: only those that are at fault themselves."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import Entry
from wandb_compat.uploader.delivery import Delivery
from wandb_compat.uploader.lane import Lane
from wandb_compat.uploader.latest_values import LatestValues
from wandb_compat.uploader.refusals import SUSPICIONS, Refusals
from wandb_compat.wire.errors import Refused, Unavailable

Send = Callable[[list[bytes]], list[tuple[int, str]]]


def refusals_and_lane(tmp_path: Path, send: Send, name: str = "data") -> tuple[Refusals, Lane]:
    """Return what judges refusals, and a lane that sends with a function."""
    session: Any = SimpleNamespace(update=lambda **changes: None)
    client: Any = SimpleNamespace(check=lambda: "organisation", answered=None)
    large_values: Any = None
    return Refusals(session, Offsets(tmp_path), large_values), Lane(name, send, 1000, client)


def delivery_of(refusals: Refusals, lanes: list[Lane], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a delivery without threads."""
    monkeypatch.setattr(Delivery, "__init__", lambda self: None)
    delivery: Any = Delivery()  # type: ignore[call-arg] # replaced above
    delivery.offsets, delivery.session, delivery._refusals = refusals._offsets, refusals._session, refusals
    delivery._others, delivery._latest, delivery._last = lanes, LatestValues(), {}
    return delivery


def test_a_bad_line_is_given_up_alone(tmp_path: Path) -> None:
    """Of a batch with one bad line the others are accepted, and the bad one is refused again after a good one."""
    sent: list[list[bytes]] = []

    def send(lines: list[bytes]) -> list[tuple[int, str]]:
        sent.append(lines)
        if b"bad" in lines:
            raise Refused("POST was refused with 422: no number", 422)
        return []

    refusals, lane = refusals_and_lane(tmp_path, send)
    assert refusals.send(lane, [b"one", b"two", b"bad", b"four"])
    assert len(refusals._offsets.refused) == 1
    assert {b"one", b"two", b"four"} <= {line for lines in sent for line in lines}


def test_a_blip_of_the_server_costs_nothing(tmp_path: Path) -> None:
    """A line that was refused while the server was in trouble is accepted when it is tried again after a good one."""
    troubled = [True]
    stored: list[bytes] = []

    def send(lines: list[bytes]) -> list[tuple[int, str]]:
        if troubled.pop() if troubled else False:
            raise Refused("POST was refused with 422: something is wrong", 422)
        stored.extend(lines)
        return []

    refusals, lane = refusals_and_lane(tmp_path, send)
    lane.accepted = b"good"
    assert refusals.send(lane, [b"line"])
    assert stored == [b"good", b"line"] and not refusals._offsets.refused


def test_a_database_that_is_away_is_the_servers_fault(tmp_path: Path) -> None:
    """A reason that names the server's own database is never the record's."""

    def send(lines: list[bytes]) -> list[tuple[int, str]]:
        raise Refused("POST was refused with 422: DatabaseError (4001): Failed to validate API key", 422)

    refusals, lane = refusals_and_lane(tmp_path, send)
    for _ in range(2 * SUSPICIONS):
        with pytest.raises(Unavailable):
            refusals.send(lane, [b"line"])
    assert not refusals._offsets.refused


def test_without_a_good_line_it_takes_several_refusals(tmp_path: Path) -> None:
    """Where nothing was ever accepted, a line is given up after SUSPICIONS refusals."""

    def send(lines: list[bytes]) -> list[tuple[int, str]]:
        raise Refused("POST was refused with 422: no number", 422)

    refusals, lane = refusals_and_lane(tmp_path, send)
    for _ in range(SUSPICIONS - 1):
        with pytest.raises(Unavailable):
            refusals.send(lane, [b"line"])
    assert not refusals.send(lane, [b"line"])
    assert len(refusals._offsets.refused) == 1


@pytest.mark.parametrize("bad", [0, 1, 3, 6])
def test_lines_that_the_server_kept_of_a_refused_batch_are_not_sent_again(
    bad: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says how many lines it has kept gets every good line once, wherever the bad one is."""
    lines = [b"bad" if index == bad else b"%d" % index for index in range(7)]
    stored: list[bytes] = []

    def send(lines: list[bytes]) -> list[tuple[int, str]]:
        for index, line in enumerate(lines):
            if line == b"bad":
                reason = f"Line {index} cannot be stored, the {index} before it are: no number"
                raise Refused(f"POST was refused with 422: {reason}", 422)
            stored.append(line)
        return []

    refusals, lane = refusals_and_lane(tmp_path, send)
    lane.suspicions = SUSPICIONS
    refusals.send(lane, lines)
    assert [line for line in stored if line != lane.accepted] == [
        line for line in lines if line not in (b"bad", lane.accepted)
    ]
    assert len(refusals._offsets.refused) == 1


def test_what_shows_twice_waits_for_the_rows_to_get_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a hop that froze each further copy waits longer, and none is sent while rows do not get through."""
    refusals, lane = refusals_and_lane(tmp_path, lambda lines: [])
    rows = Lane("metrics", lambda lines: [], 1000, lane.client)
    delivery = delivery_of(refusals, [rows, lane], monkeypatch)
    delivery.verifier = SimpleNamespace(active=True)
    lost = Unavailable("no answer", arrived=True)
    pauses = [delivery._note_failure(lane, lost) for _ in range(9)]
    assert pauses == [None, 6.5, 13, 26, 52, 104, 208, 240, 240]
    assert not delivery._must_wait(lane)
    delivery._note_failure(rows, lost)
    assert delivery._must_wait(lane)
    rows.succeeded()
    assert not delivery._must_wait(lane)


class Storing:
    """A server that stores the lines before a bad one, and does not say how many they are."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self.active = True
        self.restarts = SimpleNamespace(note_connections=lambda lane, client: None)

    def send(self, lines: list[bytes]) -> list[tuple[int, str]]:
        """Take lines up to the first bad one."""
        for line in lines:
            if line.startswith(b"bad"):
                raise Refused("POST was refused with 422: PROCESSING_FAILED", 422)
            self.stored.append(line)
        return []

    def absent_console(self, lines: list[bytes], client: object) -> list[bytes] | None:
        """Return what is not stored, as the verifier does."""
        return [line for line in lines if line not in self.stored] if self.active else None


@pytest.mark.parametrize("askable", [True, False])
@pytest.mark.parametrize("bad", [(), (0,), (3,), (6,), (2, 3), (1, 5)])
def test_console_lines_before_a_bad_one_are_asked_for(
    bad: tuple[int, ...], askable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real server keeps the lines before a bad one and says nothing of them: what it has is read back, and every
    good line is there once, also if later batches are smaller. Where it cannot be asked, lines arrive twice."""
    server: Any = Storing()
    server.active = askable
    refusals, lane = refusals_and_lane(tmp_path, server.send, "console")
    refusals._session.mark_failing = refusals._session.mark_healthy = lambda *given, **more: None  # type: ignore[method-assign]
    lane.askable, lane.accepted, lane.count = True, b"0", None
    delivery = delivery_of(refusals, [lane], monkeypatch)
    delivery.verifier = server
    lines = [b"bad%d" % index if index in bad else b"%d" % (index + 1) for index in range(7)]
    lane.add("rows", [Entry(b"console", b"console " + line, index + 1) for index, line in enumerate(lines)], len(lines))
    lane.pace.hurry()
    for _ in range(20):
        if (batch := lane.next_batch(only_full=False)) is None:
            break
        if not delivery._deliver_batch(lane, batch):
            lane.count = 4
    assert lane.remaining() is None
    there = Counter(server.stored)
    assert set(there) - {b"0"} == {line for line in lines if not line.startswith(b"bad")}
    assert len(refusals._offsets.refused) == len(bad)
    # The judgement of a bad line sends a good one again.
    assert not askable or there.total() - len(there) <= len(bad)

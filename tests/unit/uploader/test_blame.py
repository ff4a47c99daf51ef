"""Which refused records are given up: only those that are at fault themselves."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.uploader.delivery import SUSPICIONS, Delivery
from wandb_compat.uploader.lane import Lane
from wandb_compat.wire.errors import Refused, Unavailable

Send = Callable[[list[bytes]], list[tuple[int, str]]]


def delivery_and_lane(tmp_path: Path, send: Send, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Lane]:
    """Return a delivery without threads and a lane that sends with a function."""
    monkeypatch.setattr(Delivery, "__init__", lambda self: None)
    delivery: Any = Delivery()  # type: ignore[call-arg] # replaced above
    delivery.offsets = Offsets(tmp_path)
    delivery.session = SimpleNamespace(update=lambda **changes: None)
    client: Any = SimpleNamespace(check=lambda: "organisation", answered=None)
    return delivery, Lane("data", send, 1000, client)


def test_a_bad_line_is_given_up_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch with one bad line the others are accepted, and the bad one is refused again after a good one."""
    sent: list[list[bytes]] = []

    def send(lines: list[bytes]) -> list[tuple[int, str]]:
        sent.append(lines)
        if b"bad" in lines:
            raise Refused("POST was refused with 422: no number", 422)
        return []

    delivery, lane = delivery_and_lane(tmp_path, send, monkeypatch)
    assert delivery._send(lane, [b"one", b"two", b"bad", b"four"])
    assert len(delivery.offsets.refused) == 1
    assert {b"one", b"two", b"four"} <= {line for lines in sent for line in lines}


def test_a_blip_of_the_server_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that was refused while the server was in trouble is accepted when it is tried again after a good one."""
    troubled = [True]
    stored: list[bytes] = []

    def send(lines: list[bytes]) -> list[tuple[int, str]]:
        if troubled.pop() if troubled else False:
            raise Refused("POST was refused with 422: something is wrong", 422)
        stored.extend(lines)
        return []

    delivery, lane = delivery_and_lane(tmp_path, send, monkeypatch)
    lane.accepted = b"good"
    assert delivery._send(lane, [b"line"])
    assert stored == [b"good", b"line"] and not delivery.offsets.refused


def test_a_database_that_is_away_is_the_servers_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason that names the server's own database is never the record's."""

    def send(lines: list[bytes]) -> list[tuple[int, str]]:
        raise Refused("POST was refused with 422: DatabaseError (4001): Failed to validate API key", 422)

    delivery, lane = delivery_and_lane(tmp_path, send, monkeypatch)
    for _ in range(2 * SUSPICIONS):
        with pytest.raises(Unavailable):
            delivery._send(lane, [b"line"])
    assert not delivery.offsets.refused


def test_without_a_good_line_it_takes_several_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing was ever accepted, a line is given up after SUSPICIONS refusals."""

    def send(lines: list[bytes]) -> list[tuple[int, str]]:
        raise Refused("POST was refused with 422: no number", 422)

    delivery, lane = delivery_and_lane(tmp_path, send, monkeypatch)
    for _ in range(SUSPICIONS - 1):
        with pytest.raises(Unavailable):
            delivery._send(lane, [b"line"])
    assert not delivery._send(lane, [b"line"])
    assert len(delivery.offsets.refused) == 1


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

    delivery, lane = delivery_and_lane(tmp_path, send, monkeypatch)
    lane.suspicions = SUSPICIONS
    delivery._send(lane, lines)
    assert [line for line in stored if line != lane.accepted] == [
        line for line in lines if line not in (b"bad", lane.accepted)
    ]
    assert len(delivery.offsets.refused) == 1


def test_what_shows_twice_waits_for_the_rows_to_get_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a hop that froze each further copy waits longer, and none is sent while rows do not get through."""
    delivery, lane = delivery_and_lane(tmp_path, lambda lines: [], monkeypatch)
    rows = Lane("metrics", lambda lines: [], 1000, lane.client)
    delivery._others = [rows, lane]
    delivery.verifier = SimpleNamespace(active=True)
    lost = Unavailable("no answer", arrived=True)
    pauses = [delivery._note_failure(lane, lost) for _ in range(9)]
    assert pauses == [None, 6.5, 13, 26, 52, 104, 208, 240, 240]
    assert not delivery._must_wait(lane)
    delivery._note_failure(rows, lost)
    assert delivery._must_wait(lane)
    rows.succeeded()
    assert not delivery._must_wait(lane)

"""What tells that texts, histograms and tables, which cannot be read back, may have been lost."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wandb_compat.spool import delivery_log
from wandb_compat.spool.delivery_log import Offsets, Stretch
from wandb_compat.spool.server_binding import ServerBinding
from wandb_compat.spool.status import State
from wandb_compat.uploader import restarts
from wandb_compat.uploader.restarts import Restarts, has_several

NOW = 1_000_000.0  # seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stops the clock."""
    monkeypatch.setattr(restarts, "time", lambda: NOW)
    monkeypatch.setattr(delivery_log, "time", lambda: NOW)


def stretch(lane: str, ago: float) -> Stretch:
    """Return a stretch that was acknowledged so many seconds ago."""
    at = int((NOW - ago) * 1000)
    return Stretch(lane, "rows", at, at + 1, at, at)


def lost(known: Restarts, ago: float) -> bool:
    """Whether a text of so many seconds ago may have been lost."""
    return known.may_have_lost(stretch("data", ago))


def connection(**values: Any) -> Any:
    """Return a client as far as its connection is concerned."""
    return SimpleNamespace(**{"reconnected": [], "connections": 1, "ingests": 1} | values)


@pytest.mark.parametrize("several", [False, True])
def test_a_silence_counts_from_the_last_answer(tmp_path: Path, several: bool) -> None:
    """A request that times out after 30 s tells of what was acknowledged before its service fell silent."""
    offsets = Offsets(tmp_path)
    known = Restarts(offsets)
    known.note_rows([stretch("metrics", ago) for ago in (40, 38, 36, 34, 10)], set(), lambda one: False)
    if several:
        offsets.mark_several()
    offsets.mark_break("data", NOW - 5, silent=False, since=NOW - 35)
    assert [lost(known, ago) for ago in (50, 42, 41, 36, 6, 4)] == [False, False, True, True, True, False]


def test_rows_tell_of_one_service(tmp_path: Path) -> None:
    """Connections of rows and texts that were closed at once lead to one service: the stored rows decide."""
    offsets = Offsets(tmp_path)
    known = Restarts(offsets)
    rows = [stretch("metrics", ago) for ago in (14, 12, 10)]
    known.note_rows(rows, {rows[2]}, lambda one: True)
    for lane in ("metrics", "data"):
        offsets.mark_break(lane, NOW - 9, silent=True, since=NOW - 9.5)
    assert [lost(known, ago) for ago in (13.5, 11, 10)] == [False, True, True]
    assert not known.several


@pytest.mark.parametrize("lane", ["metrics", "console"])
def test_a_connection_that_outlives_another_shows_several_services(tmp_path: Path, lane: str) -> None:
    """Texts of the seconds around any hole count as lost then, whatever it is that was found missing."""
    offsets = Offsets(tmp_path)
    known = Restarts(offsets)
    texts, other = connection(), connection(reconnected=[(NOW - 9.5, NOW - 9)])
    known.watched = {"data": texts, lane: other}
    known.note_connections(lane, other)
    assert not known.several
    texts.ingests += 1
    known.note_connections("data", texts)
    assert known.several
    assert not lost(known, 10)
    if lane == "metrics":
        known.note_rows([stretch(lane, 10)], {stretch(lane, 10)}, lambda one: True)
    else:
        known.note_loss(stretch(lane, 10))
    assert [lost(known, ago) for ago in (18, 16, 5, 2)] == [False, True, True, False]


def test_texts_wait_for_what_may_still_tell(tmp_path: Path) -> None:
    """Of one service stored rows are enough; of several any row and line of the same seconds must be decided."""
    offsets = Offsets(tmp_path)
    known = Restarts(offsets)
    known.note_rows([stretch("metrics", 1)], set(), lambda one: False)
    assert known.is_decided(stretch("data", 2)) and not known.is_decided(stretch("data", 0.5))
    offsets.mark_several()
    assert not known.is_decided(stretch("data", 2)) and known.is_decided(stretch("data", 7))
    offsets.acknowledge("console", "rows", 10, begin=0)
    assert not known.is_decided(stretch("data", 6.5)) and known.is_decided(stretch("data", 7))


def test_an_uploader_that_died_has_lost_its_connections(tmp_path: Path) -> None:
    """Nothing tells what became of the services behind them; where there is one, rows do."""
    Offsets(tmp_path).acknowledge("data", "rows", 10, begin=0)
    offsets = Offsets(tmp_path)
    known = Restarts(offsets)
    assert not lost(known, 0)
    offsets.mark_several()
    assert lost(known, 0) and lost(known, 6) and not lost(known, 7)


def test_other_runs_of_the_folder_know_of_several_services(tmp_path: Path) -> None:
    """Those of the same server only."""
    mine, same, elsewhere = (tmp_path / f"run-{name}" for name in ("3", "2", "1"))
    for run_dir, api in ((mine, "http://a"), (same, "http://a"), (elsewhere, "http://b")):
        run_dir.mkdir()
        ServerBinding(api, api, "key", True).write(run_dir)
        State(several=run_dir == elsewhere).write(run_dir)
    assert not has_several(mine)
    State(several=True).write(same)
    assert has_several(mine)

"""What was acknowledged is kept beside what was seen to be stored; both survive a restart of the uploader."""

from pathlib import Path

import pytest

from wandb_compat.spool import delivery_log
from wandb_compat.spool.delivery_log import Break, Offsets, Stretch

HEAD = "run-abc.wandb"


def places(offsets: Offsets) -> list[tuple[str, int, int]]:
    """Return lane, begin and end of what was not seen to be stored."""
    return [(one.lane, one.begin, one.end) for one in offsets.unstored()]


def test_acknowledged_is_not_stored(tmp_path: Path) -> None:
    """A stretch stays until it was seen to be stored, also for the next uploader."""
    offsets = Offsets(tmp_path)
    offsets.acknowledge("metrics", HEAD, 100, begin=0)
    offsets.acknowledge("data", HEAD, 90, begin=10)
    offsets.acknowledge("run", HEAD, 100, begin=0)  # goes to a database that answers when it has stored
    assert places(offsets) == places(Offsets(tmp_path)) == [("metrics", 0, 100), ("data", 10, 90)]
    assert offsets.holds_unstored(HEAD) and not offsets.holds_unstored("rows-1.journal")
    offsets.mark_stored(offsets.unstored()[0])
    assert places(offsets) == places(Offsets(tmp_path)) == [("data", 10, 90)]
    assert Offsets(tmp_path).offset("metrics", HEAD) == 100


def test_near_acknowledgements_are_one_stretch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a second they are checked together, later ones apart."""
    clock = [1000.0]
    monkeypatch.setattr(delivery_log, "time", lambda: clock[0])
    offsets = Offsets(tmp_path)
    for begin, moment in ((0, 1000.0), (10, 1000.5), (20, 1001.0), (30, 1001.1), (40, 1010.0)):
        clock[0] = moment
        offsets.acknowledge("metrics", HEAD, begin + 10, begin=begin)
    assert places(offsets) == [("metrics", 0, 30), ("metrics", 30, 40), ("metrics", 40, 50)]
    assert offsets.unstored()[0] == Stretch("metrics", HEAD, 0, 30, 1000_000, 1001_000)
    assert Offsets(tmp_path).unstored() == offsets.unstored()


def test_sent_again_counts_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretch that was sent again keeps its place and gets a new time, on disk too."""
    clock = [1000.0]
    monkeypatch.setattr(delivery_log, "time", lambda: clock[0])
    offsets = Offsets(tmp_path)
    offsets.mark_run(7)
    for begin in (0, 10, 20):
        offsets.acknowledge("metrics", HEAD, begin + 10, begin=begin)
        clock[0] += 10
    offsets.mark_sent_again(offsets.unstored()[1])
    again = Offsets(tmp_path)
    assert places(offsets) == places(again) == [("metrics", 0, 10), ("metrics", 10, 20), ("metrics", 20, 30)]
    assert [one.last for one in again.unstored()] == [1000_000, 1030_000, 1020_000]
    assert again.run == 7


def test_what_is_added_while_a_stretch_is_checked_stays(tmp_path: Path) -> None:
    """An acknowledgement may join a stretch between the look at the server and the note: it was not looked for."""
    for again in (False, True):
        offsets = Offsets(tmp_path / str(again))
        offsets.mark_run(7)
        offsets.acknowledge("metrics", HEAD, 10, begin=0)
        (checked,) = offsets.unstored()
        offsets.acknowledge("metrics", HEAD, 20, begin=10)
        assert places(offsets) == [("metrics", 0, 20)]
        (offsets.mark_sent_again if again else offsets.mark_stored)(checked)
        assert places(offsets) == [("metrics", 0, 10)] * again + [("metrics", 10, 20)]
        assert places(Offsets(tmp_path / str(again))) == places(offsets)


def test_another_run_number_voids_everything(tmp_path: Path) -> None:
    """What was acknowledged under one number says nothing about another; how the run ended still holds."""
    offsets = Offsets(tmp_path)
    assert not offsets.mark_run(7)
    offsets.acknowledge("metrics", HEAD, 100, begin=0)
    offsets.refuse("data", b"line", "bad")
    offsets.close()
    assert not offsets.mark_run(7) and offsets.closed
    assert offsets.mark_run(8)
    for one in (offsets, Offsets(tmp_path)):
        assert (one.run, one.closed, one.refused, one.unstored(), one.offset("metrics", HEAD)) == (8, False, {}, [], 0)


def test_rewriting_keeps_what_is_unstored(tmp_path: Path) -> None:
    """When the notes are written anew, what was not seen to be stored is among them."""
    offsets = Offsets(tmp_path)
    offsets.acknowledge("data", HEAD, 10, begin=0)
    for to in range(20_000):
        offsets.acknowledge("metrics", HEAD, to)
    assert places(Offsets(tmp_path)) == [("data", 0, 10)]


def test_what_tells_of_lost_values_survives_restarts(tmp_path: Path) -> None:
    """Holes, ended connections and that there are several services are known to the next uploader, as long as something
    waits that may have been lost with them; another run of the server begins without them."""
    offsets = Offsets(tmp_path)
    offsets.mark_run(7)
    offsets.acknowledge("data", "run-abc.wandb", 500, 0)
    (stretch,) = offsets.unstored()
    offsets.mark_hole(stretch.first - 1000, stretch.last + 1000)
    offsets.mark_hole(0, 1)  # before all that waits
    offsets.mark_break("data", stretch.last / 1000, silent=True)
    offsets.mark_several()
    again = Offsets(tmp_path)
    assert len(again.holes) == 2 and again.breaks == [Break("data", stretch.last / 1000, True)] and again.several
    again.mark_sent_again(stretch)  # the notes are written anew
    assert Offsets(tmp_path).holes == offsets.holes[:1] and Offsets(tmp_path).several
    assert again.mark_run(8) and not again.holes and not again.breaks


def test_acknowledgements_merge_up_to_what_is_checked_row_by_row(tmp_path: Path) -> None:
    """Small requests of a second are checked as one; a large one is checked by its ends."""
    offsets = Offsets(tmp_path)
    for end in range(1000, 40_001, 1000):
        offsets.acknowledge("metrics", "run-abc.wandb", end, end - 1000)
    assert [(one.begin, one.end) for one in offsets.unstored()] == [
        (0, 16_000),
        (16_000, 32_000),
        (32_000, 40_000),
    ]

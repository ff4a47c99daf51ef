"""How long the URL of a file is used, and when the file is announced again."""

from pathlib import Path

import pytest

from wandb_compat.uploader import announcements
from wandb_compat.uploader.announcements import LIFETIME, REFUSALS, RENEWAL, Announcements

ONE, OTHER = ("key", "one.png"), ("key", "other.png")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that announcements see."""
    now = [1e9]
    monkeypatch.setattr(announcements, "time", lambda: now[0])
    return now


def opened(path: Path | None = None, run: int = 7) -> Announcements:
    made = Announcements(path)
    made.open(run)
    return made


@pytest.mark.parametrize(
    ("url", "lifetime"), [("https://store/a", LIFETIME), ("https://store/a?X-Amz-Expires=600&X-Amz-Date=2", 600)]
)
def test_a_url_is_used_for_its_lifetime(clock: list[float], url: str, lifetime: float) -> None:
    """It ends a little earlier, for an upload takes its time."""
    known = opened()
    known.add(ONE, url)
    clock[0] += lifetime - announcements.MARGIN - 1
    assert known.url(ONE) == url and known.url(OTHER) is None
    clock[0] += 2
    assert known.url(ONE) is None


def test_a_restarted_uploader_knows_them(tmp_path: Path, clock: list[float]) -> None:
    """Those of this run of the server, the last one of each file, whatever a crash has left of the last line."""
    path = tmp_path / "urls.jsonl"
    before = opened(path)
    for file, url in ((ONE, "https://store/1"), (OTHER, "https://store/2"), (ONE, "https://store/3")):
        before.add(file, url)
    with path.open("a") as stream:
        stream.write('{"run": 7, "key')
    again = opened(path)
    assert (again.url(ONE), again.url(OTHER)) == ("https://store/3", "https://store/2")
    assert opened(path, run=8).url(ONE) is None
    again.forget([ONE])
    assert again.url(ONE) is None and path.exists()
    again.forget([OTHER])
    assert not path.exists()


def test_refused_urls_are_replaced_ever_more_seldom(clock: list[float]) -> None:
    """At once the first time, then after a minute, two…; each URL is counted once."""
    known, times = opened(), []
    known.add(ONE, "https://store/0")
    for _ in range(400):
        guilty = known.refuse(ONE)
        assert guilty == (len(times) >= REFUSALS - 1)
        if known.url(ONE) is None:
            times.append(clock[0] - 1e9)
            known.add(ONE, f"https://store/{len(times)}")
        clock[0] += 1
    assert times[:3] == pytest.approx([0, RENEWAL + 1, 3 * RENEWAL + 2], abs=2)

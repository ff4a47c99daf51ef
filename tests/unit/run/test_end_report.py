"""What the end of a run prints of its metrics."""

import math

import pytest

import wandb
from wandb._native.run import end_report


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ([], ""),
        ([math.nan, math.inf], ""),
        ([5.0], "▁"),
        ([1.0, 1.0], "▁▁"),
        ([0.0, 1.0], "▁█"),
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([7.0, math.nan, 0.0], "█▁"),
        ([0.0] * 300 + [1.0] * 100, "▁" * 30 + "█" * 10),
        ([-1e308, 1e308], "▁▁"),  # their difference is not finite
    ],
)
def test_a_sparkline(values: list[float], bars: str) -> None:
    """The lowest mean is the lowest bar; a series of any length has at most forty bars."""
    assert end_report.sparkline(values) == bars


def test_the_summary_shows_what_fits() -> None:
    """Numbers with five digits, short texts, no media; hidden names and those of wandb itself are left out; nothing
    exceeds the width of the terminal."""
    summary = {
        "loss": 0.123456789,
        "epoch": 3,
        "_step": 7,
        "secret": 1,
        "note": "a text that is longer than twenty characters",
        "image": {"_type": "image-file", "path": "x"},
        "list": [1, 2],
        "val/loss": {"min": 0.5, "max": 1.0},
        "a/name/that/is/longer/than/what/a/terminal/of/eighty/columns/can/show/beside/a/value": 1.0,
    }
    lines = end_report.lines({"loss": [2.0, 1.0]}, summary, lambda name: name == "secret", columns=80)
    text = "\n".join(lines)
    assert [line.split() for line in lines[:2]] == [["Run", "history:"], ["loss", "█▁"]]
    assert " loss 0.12346\n" in text and " epoch 3\n" in text and " val/loss.max 1\n" in text
    assert " note a text that is long…" in text
    assert not any(word in text for word in ("_step", "secret", "image", "list"))
    assert max(map(len, lines)) <= 80 - len("wandb: ")


def test_many_metrics_do_not_fill_the_screen() -> None:
    """Beyond forty the rest is counted."""
    lines = end_report.lines({}, {f"m{n:04}": n for n in range(1000)}, lambda name: False)
    assert len(lines) == end_report.MOST_LINES + 2 and lines[-1].strip() == "and 960 more"


def test_a_run_shows_its_metrics_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    """History and summary are printed once, unless the run is quiet."""
    for quiet in (False, True):
        run = wandb.init(mode="offline")
        run.define_metric("hidden", hidden=True)
        for step in range(3):
            run.log({"loss": 1.0 / (step + 1), "hidden": 1})
        capsys.readouterr()
        run.finish(quiet=quiet)
        shown = capsys.readouterr().err
        assert shown.count("loss █▃▁") == shown.count("loss 0.33333") == (not quiet)
        assert "hidden" not in shown


def test_a_run_without_metrics_shows_no_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """No empty headings."""
    wandb.init(mode="offline").finish()
    assert "Run history" not in (shown := capsys.readouterr().err) and "Run summary" not in shown

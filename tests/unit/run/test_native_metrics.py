"""`define_metric` shapes rows and summary as wandb does, `alert` reaches people once a while."""

from datetime import timedelta
from typing import Any

import pytest

import wandb
from tests.helpers.native_runs import recorded


def last_summary(run: wandb.Run) -> Any:
    """Return the summary that was sent last."""
    sent = recorded(run).all("config")
    return [one["values"]["wandb"]["summary"] for one in sent if "summary" in one["values"].get("wandb", {})][-1]


def rows(run: wandb.Run) -> list[Any]:
    """Return the numbers of each row."""
    return [row["data"] for row in recorded(run).all("row")]


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("min", {"min": 1}),
        ("max", {"max": 3}),
        ("mean", {"mean": 2}),
        ("first", {"first": 2}),
        ("last", {"last": 3}),
        ("best", {"best": 1}),
        ("min,max", {"min": 1, "max": 3}),
        ("copy", 3),
        (None, 3),
    ],
)
def test_the_summary_takes_the_form_that_is_defined(summary: str | None, expected: Any) -> None:
    """Least, greatest, mean, first, last and best value, alone or together; by default the last value itself."""
    with wandb.init(mode="offline") as run:
        run.define_metric("loss", summary=summary)
        for value in (2, 1, float("nan"), 3):
            run.log({"loss": value, "other": value})
        assert run.summary._as_dict()["loss"] == expected
        assert run.summary._as_dict()["other"] == 3
    assert last_summary(run)["loss"] == expected


def test_a_metric_can_be_kept_out_of_the_summary() -> None:
    """`none` shows nothing, also of a metric in a nested dict."""
    with wandb.init(mode="offline") as run:
        run.define_metric("train.loss", summary="none")
        run.define_metric("val.*", summary="max")
        run.log({"train": {"loss": 1, "acc": 2}, "val": {"loss": 5}})
        run.log({"val": {"loss": 4}})
        assert run.summary._as_dict()["train"] == {"acc": 2}
        assert run.summary._as_dict()["val"] == {"loss": {"max": 5}}


def test_best_follows_the_goal() -> None:
    """`goal`, which wandb has lost, says whether the least or the greatest value is the best."""
    with wandb.init(mode="offline") as run:
        run.define_metric("acc", summary="best", goal="maximize")
        for value in (1, 3, 2):
            run.log({"acc": value})
        assert run.summary._as_dict()["acc"] == {"best": 3}


def test_rows_get_the_step_metric_that_they_lack() -> None:
    """The last value of the step metric, or 0, is added where it is not logged, for all names that a `*` covers."""
    with wandb.init(mode="offline") as run:
        run.define_metric("epoch")
        metric = run.define_metric("train/*", step_metric="epoch")
        run.define_metric("free/*", step_metric="epoch", step_sync=False)
        run.log({"train/loss": 0})
        run.log({"epoch": 1, "train/loss": 1})
        given = {"train/loss": 2}
        run.log(given)
        run.log({"free/x": 3})
        assert given == {"train/loss": 2}
    assert metric.step_metric == "epoch" and metric.step_sync is True
    assert rows(run) == [
        {"train/loss": 0, "epoch": 0},
        {"epoch": 1, "train/loss": 1},
        {"train/loss": 2, "epoch": 1},
        {"free/x": 3},
    ]


def test_one_step_metric_for_everything() -> None:
    """What transformers does: every metric over one step, which is not plotted over itself."""
    with wandb.init(mode="offline") as run:
        run.define_metric("train/global_step")
        run.define_metric("*", step_metric="train/global_step", step_sync=True)
        run.log({"train/global_step": 7, "loss": 1})
        run.log({"loss": 2})
    assert rows(run)[1] == {"loss": 2, "train/global_step": 7}


def test_the_own_definition_wins_and_a_later_one_adds_to_it() -> None:
    """A metric's own name beats a `*`; without `overwrite` what was not named again stays."""
    with wandb.init(mode="offline") as run:
        run.define_metric("*", summary="max")
        run.define_metric("loss", summary="min", hidden=True)
        run.define_metric("loss", step_metric="epoch")
        run.log({"loss": 2, "acc": 2})
        run.log({"loss": 3, "acc": 3})
        assert (run.summary._as_dict()["loss"], run.summary._as_dict()["acc"]) == ({"min": 2}, {"max": 3})
        run.define_metric("loss", overwrite=True)
    findings = recorded(run).all("config")
    metrics = [one["values"]["wandb"]["metrics"] for one in findings if "metrics" in one["values"].get("wandb", {})]
    assert metrics[2][1] == {
        "name": "loss", "step_metric": "epoch", "step_sync": True, "hidden": True, "summary": ["min"]
    }  # fmt: skip
    assert metrics[-1][1] == {"name": "loss"}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"name": ""}, "requires non-empty name"),
        ({"name": "a*b"}, "glob suffixes only"),
        ({"name": "a", "summary": "avg"}, "summary op: avg"),
        ({"name": "a", "summary": "best", "goal": "up"}, "goal: up"),
        ({"name": "a", "step_sync": "yes"}, "step_sync type: str"),
        ({"name": 3}, "name type: int"),
    ],
)
def test_what_cannot_be_defined_is_refused_as_wandb_does(arguments: dict[str, Any], text: str) -> None:
    """A wrong type or an unknown form raises wandb.Error with wandb's words."""
    with wandb.init(mode="offline") as run, pytest.raises(wandb.Error, match=text):
        run.define_metric(**arguments)


def test_alerts_of_one_title_keep_their_distance() -> None:
    """Within `wait_duration` an alert of the same title is not sent again; levels are wandb's."""
    with wandb.init(mode="offline") as run:
        run.alert("loss", "is nan")
        run.alert("loss", "is nan")
        run.alert(title="loss", text="again", level=wandb.AlertLevel.ERROR, wait_duration=1e-9)
        run.alert("other", "text", level="WARN", wait_duration=timedelta(hours=1))
        with pytest.raises(ValueError, match="level must be one of"):
            run.alert("x", "y", level="LOUD")
    sent = [(one["title"], one["text"], one["level"]) for one in recorded(run).all("alert")]
    assert sent == [("loss", "is nan", "INFO"), ("loss", "again", "ERROR"), ("other", "text", "WARN")]


def test_preempting_is_kept_with_the_run() -> None:
    """Pluto has no such state; the configuration tells."""
    with wandb.init(mode="offline") as run:
        run.mark_preempting()
    assert {"wandb": {"state": "preempting"}} in [one["values"] for one in recorded(run).all("config")]

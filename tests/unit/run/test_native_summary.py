"""`run.summary` holds the last value of every key, and whatever else is put into it."""

import copy
import math
import time
from collections.abc import Callable

import numpy
import pytest

import wandb


def test_the_summary_holds_the_last_values() -> None:
    """The last value logged wins; nested dicts stay nested; `_step` and its like describe the last row."""
    run = wandb.init(mode="offline")
    assert dict(run.summary) == {}
    run.log({"loss": 2, "n": {"m": 1}, "a.b": 1})
    run.log({"loss": numpy.float32(1), "n": {"k": 2}, "text": "x", "gone": None}, step=7)
    assert run.summary["loss"] == 1 and type(run.summary["loss"]) is float
    assert run.summary["n"]["m"] == 1 and run.summary.n.k == 2 and run.summary["a.b"] == 1
    assert run.summary["text"] == "x" and "gone" not in run.summary
    assert run.summary["_step"] == 7
    assert run.summary["_timestamp"] == pytest.approx(run.start_time, abs=60)
    assert run.summary["_runtime"] >= 0


def test_the_summary_can_be_set_by_item_attribute_and_update() -> None:
    """Values are stored plainly; dicts are merged; a deleted key is gone."""
    run = wandb.init(mode="offline")
    run.summary["best"] = numpy.int64(3)
    run.summary.worst = 1
    run.summary.update({"n": {"a": 1}, "list": (1, 2)})
    run.summary["n"]["b"] = 2
    assert {key: value for key, value in run.summary.items() if key != "n"} == {"best": 3, "worst": 1, "list": [1, 2]}
    assert run.summary.get("n") == {"a": 1, "b": 2}
    assert type(run.summary.best) is int
    del run.summary["best"]
    assert "best" not in run.summary and run.summary.get("best", 0) == 0


def test_of_a_custom_chart_the_summary_has_the_table() -> None:
    """Under the table's key, as with wandb, and the chart's own key is not there."""
    run = wandb.init(mode="offline")
    table = wandb.Table(columns=["name", "gain"], data=[["a", 1], ["b", 2]])
    run.log({"importance": wandb.plot.bar(table, "name", "gain"), "loss": 1})
    assert "importance" not in run.summary and run.summary["importance_table"]["nrows"] == 2
    assert "table_key" not in run.summary["importance_table"]


@pytest.mark.parametrize("look", [lambda summary: summary["nope"], lambda summary: summary.nope])
def test_a_missing_key_is_a_key_error(look) -> None:  # type: ignore[no-untyped-def]
    """By item and by attribute alike, as with wandb."""
    run = wandb.init(mode="offline")
    with pytest.raises(KeyError, match="nope"):
        look(run.summary)


def test_dict_of_the_summary_is_plain() -> None:
    """transformers filters `dict(wandb.summary).items()` by number and leading underscore."""
    wandb.init(mode="offline")
    wandb.log({"loss": 1.5})
    found = dict(wandb.summary)
    assert type(found) is dict
    assert {key: value for key, value in found.items() if not key.startswith("_")} == {"loss": 1.5}
    assert copy.deepcopy(wandb.summary)["loss"] == 1.5


def test_the_summary_is_sent_at_the_end(read) -> None:  # type: ignore[no-untyped-def]
    """It goes to `config["wandb"]["summary"]`; NaN and infinities go as their names, which JSON has no form for."""
    run = wandb.init(mode="offline")
    run.log({"loss": 1.0, "bad": math.nan, "big": -math.inf})
    run.summary["best"] = {"deep": [math.inf]}
    run.finish()
    sent = read(run).about()["summary"]
    assert sent | {"_runtime": 0, "_timestamp": 0} == {
        "loss": 1.0,
        "bad": "NaN",
        "big": "-Infinity",
        "best": {"deep": ["Infinity"]},
        "_step": 0,
        "_runtime": 0,
        "_timestamp": 0,
    }


def test_after_the_end_the_summary_can_be_read_only() -> None:
    """Reading works; writing says that the run is finished."""
    run = wandb.init(mode="offline")
    run.log({"loss": 1})
    run.finish()
    assert run.summary["loss"] == 1
    with pytest.raises(wandb.UsageError, match="is finished"):
        run.summary["late"] = 1


def test_a_running_run_publishes_its_summary(read) -> None:  # type: ignore[no-untyped-def]
    """The summary is on disk soon after the first rows, and again after the script has changed it."""
    run = wandb.init(mode="offline")

    def published() -> list[dict[str, float]]:
        return [document["values"]["wandb"]["summary"] for document in read(run).all("config")]

    def wait_for(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, published()
            time.sleep(0.05)

    run.log({"loss": 1})
    wait_for(lambda: bool(published()))
    run.summary["best"] = 0.5
    wait_for(lambda: published()[-1].get("best") == 0.5)
    run.finish()
    assert published()[-1]["loss"] == 1


def test_the_summary_of_many_numbers() -> None:
    """A list and a short array as they are, of a long array wandb's histogram, at worst of one bin."""
    run = wandb.init(mode="offline")
    run.log({"list": list(range(40)), "array": numpy.arange(12).reshape(3, 4), "flags": numpy.arange(64) > 31})
    run.log({"long": numpy.arange(64.0), "same": numpy.full(40, 1e300), "far": numpy.array([-1.7e308, 1.7e308] * 20)})
    assert run.summary["list"] == list(range(40)) and run.summary["array"] == numpy.arange(12).reshape(3, 4).tolist()
    assert run.summary["flags"]["values"] == [32, *[0] * 30, 32]
    assert run.summary["long"]["values"] == [2] * 32 and run.summary["long"]["bins"][-1] == 63
    assert run.summary["same"].items() == [("_type", "histogram"), ("values", [40]), ("bins", [1e300, 1e300])]
    assert run.summary["far"]["bins"] == [-1.7e308, 1.7e308]

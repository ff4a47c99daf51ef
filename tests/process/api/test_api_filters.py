"""Which runs a filter takes, in which order, and how much of the server is read for that."""

import json
import re
from typing import Any

import pytest

import wandb
from tests.helpers.counting_proxy import Counter
from wandb._native.api import filter_matching
from wandb._native.api import filters as filtering

GRID = ("grid0", "grid1", "grid2", "grid3", "grid4")
YEAR = "2000-01-01T00:00:00Z"

# filter -> the numbers of the runs of the training script that it takes, and whether the server decides that alone
CASES: list[tuple[dict[str, Any], list[int], bool]] = [
    ({}, [0, 1, 2, 3, 4], True),
    ({"config.lr": 0.1}, [0, 3], True),
    ({"config.lr.value": 0.1}, [0, 3], True),
    ({"config.model.kind": "cnn"}, [0, 1], True),
    ({"config.model.value.kind": "cnn"}, [0, 1], True),
    ({"config.lr": {"$gt": 0.01}}, [0, 3, 4], True),
    ({"config.lr": {"$gte": 0.01, "$lt": 1}}, [0, 1, 3], True),
    ({"config.lr": {"$ne": 0.1}}, [1, 2, 4], True),
    ({"config.lr": {"$in": [0.1, 1]}}, [0, 3, 4], True),
    ({"config.lr": {"$nin": [0.1, 1]}}, [1, 2], True),
    ({"config.model.kind": {"$regex": "^vit"}}, [4], True),
    ({"config.model.kind": {"$regex": "c.n|m.p"}}, [0, 1, 2, 3], True),
    ({"config.model.kind": {"$regex": r"^\w{3}$"}}, [0, 1, 2, 3], False),
    ({"config.model.kind": {"$not": {"$regex": "^vit"}}}, [0, 1, 2, 3], True),
    ({"config.extra": {"$exists": True}}, [2], False),
    ({"config.extra": {"$exists": False}}, [0, 1, 3, 4], False),
    ({"config.extra": None}, [0, 1, 3, 4], False),
    ({"config.extra": {"$ne": "x"}}, [0, 1, 3, 4], True),
    ({"config.model": {"$exists": True}}, [0, 1, 2, 3, 4], False),
    ({"config.layers": [2, 7]}, [2], False),
    ({"summary_metrics.acc": {"$gte": 0.2}}, [2, 4], True),
    ({"summary_metrics.acc": {"$exists": False}}, [3], False),
    ({"summaryMetrics.loss": 1}, [1], True),
    ({"tags": "even"}, [0, 2, 4], True),
    ({"tags": {"$in": ["first", "odd"]}}, [0, 1, 3], True),
    ({"tags": {"$nin": ["first", "odd"]}}, [2, 4], True),
    ({"tags": {"$ne": "even"}}, [1, 3], True),
    ({"tags": {"$regex": "^fir"}}, [0], False),
    ({"state": "finished"}, [0, 1, 2, 4], True),
    ({"state": "failed"}, [3], False),
    ({"state": "crashed"}, [], False),
    ({"state": {"$in": ["failed", "crashed", "running"]}}, [3], False),
    ({"state": {"$ne": "finished"}}, [3], True),
    ({"state": {"$nin": ["running", "killed"]}}, [0, 1, 2, 3, 4], True),
    ({"display_name": "run 1"}, [1], True),
    ({"displayName": "renamed"}, [4], True),
    ({"display_name": "run 4"}, [], True),
    ({"display_name": {"$regex": "run"}}, [0, 1, 2, 3], False),
    ({"display_name": {"$regex": "RUN"}}, [], False),
    ({"display_name": {"$regex": "^re"}}, [4], False),
    ({"name": "grid2"}, [2], False),
    ({"group": "g1"}, [0, 1], True),
    ({"group": {"$ne": "g1"}}, [2, 3, 4], True),
    ({"group": {"$exists": False}}, [3], False),
    ({"jobType": "eval"}, [4], True),
    ({"job_type": {"$in": ["eval", "nothing"]}}, [4], True),
    ({"sweep": "swp"}, [1, 2], True),
    ({"createdAt": {"$gt": YEAR}}, [0, 1, 2, 3, 4], True),
    ({"created_at": {"$lt": YEAR}}, [], True),
    ({"$and": [{"created_at": {"$gt": YEAR}}, {"created_at": {"$lt": "2999-01-01"}}]}, [0, 1, 2, 3, 4], True),
    ({"username": "unknown-user"}, [], True),
    ({"$or": [{"config.lr": 1}, {"tags": "first"}]}, [0, 4], True),
    ({"$or": [{"config.lr": 1}, {"config.extra": {"$exists": True}}]}, [2, 4], False),
    ({"$and": [{"config.lr": 0.1}, {"group": "g1"}]}, [0], True),
    ({"$not": {"config.lr": 0.1}}, [1, 2, 4], True),
    ({"$nor": [{"config.lr": 0.1}, {"group": "g2"}]}, [1], True),
    ({"$not": {"state": "failed"}}, [0, 1, 2, 4], False),
    ({"config.lr": 0.1, "state": "failed"}, [3], False),
    ({"config.lr": 0.1, "group": {"$exists": True}, "tags": {"$in": ["even"]}}, [0], False),
]


@pytest.mark.parametrize(("filters", "numbers", "by_server"), CASES, ids=lambda one: json.dumps(one)[:70])
def test_a_filter_takes_the_runs_that_it_describes(
    filters: dict[str, Any], numbers: list[int], by_server: bool, api: wandb.Api
) -> None:
    """What the server decides and what is decided here come to the same runs; their number is right without listing."""
    wanted = [GRID[number] for number in numbers]
    assert len(api.runs("grid", filters)) == len(wanted)
    assert sorted(run.id for run in api.runs("grid", filters)) == wanted
    assert filtering.plan(filters).exact is (by_server or not filters)
    assert [run.id for run in api.runs("grid") if filter_matching.matches(filters, run)] == wanted


def test_what_the_server_decides_costs_one_request(counted: tuple[wandb.Api, Counter]) -> None:
    """A filter that Pluto understands reads one page and no details; another reads those of its candidates only."""
    api, counter = counted
    found = list(api.runs("grid", {"config.lr": {"$lt": 0.5}, "tags": "even", "state": "finished"}))
    assert [run.group for run in found] == ["g1", "g2"]
    assert counter.paths() == ["list"]
    list(api.runs("grid", {"config.lr": 0.1, "config.extra": {"$exists": False}}))
    assert sorted(counter.paths()) == ["details", "details", "list"]


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"nonsense": 1}, "'nonsense'"),
        ({"$xor": []}, "'$xor'"),
        ({"config.lr": {"$mod": 2}}, "'$mod'"),
        ({"$or": {"config.lr": 1}}, "$or takes a list"),
        ({"tags": {"$in": "a"}}, "$in takes a list"),
        ({"created_at": {"$gt": "nonsense"}}, "created_at is compared with a datetime"),
        ({"createdAt": {"$gt": 1700000000000}}, "not 1700000000000"),
        ({"heartbeat_at": {"$lt": None}}, "heartbeat_at is compared with a datetime"),
        ({"config.s": {"$regex": "("}}, "The $regex on config.s is not a regular expression: '('"),
        ({"display_name": {"$not": {"$regex": 5}}}, "The $regex on display_name"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(filters: dict[str, Any], named: str, api: wandb.Api) -> None:
    """Nothing is asked with a filter that would not mean what its writer thinks."""
    with pytest.raises(ValueError, match=re.escape(named)):
        api.runs("grid", filters)


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        ("+created_at", [0, 1, 2, 3, 4]),
        ("created_at", [0, 1, 2, 3, 4]),
        ("-created_at", [4, 3, 2, 1, 0]),
        ("", [0, 1, 2, 3, 4]),
        ("+summary_metrics.loss", [1, 2, 0, 4, 3]),
        ("-summary_metrics.acc", [4, 2, 1, 0, 3]),
        ("-config.lr.value", [4, 3, 0, 1, 2]),
        ("+config.lr", [2, 1, 0, 3, 4]),
        ("+config.extra", [2, 4, 3, 1, 0]),
        ("-config.model.kind", [4, 3, 2, 1, 0]),
    ],
)
def test_the_order_of_runs(order: str, numbers: list[int], api: wandb.Api) -> None:
    """Runs come in the order of wandb; those without the value come last instead of being lost."""
    runs = api.runs("grid", order=order)
    assert len(runs) == 5
    assert [run.id for run in runs] == [GRID[number] for number in numbers]


def test_an_order_that_makes_no_sense_is_refused(api: wandb.Api) -> None:
    """An unknown order is a ValueError that names those there are."""
    with pytest.raises(ValueError, match="created_at"):
        api.runs("grid", order="-nonsense")


def test_a_project_that_is_not_there(api: wandb.Api) -> None:
    """A missing project is a ValueError when its runs are looked at; one without such runs is an empty list."""
    runs = api.runs("nope/nope")
    with pytest.raises(ValueError, match="Could not find project nope"):
        len(runs)
    assert list(api.runs("grid", {"config.lr": 77})) == []

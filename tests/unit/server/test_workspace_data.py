"""The data of the project view: attributes of runs, default columns, averaged groups."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wandb_compat.server.page import charts, workspace
from wandb_compat.server.params import Fields, Query, RequestError
from wandb_compat.server.storage import ingest, runs
from wandb_compat.server.storage.database import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open data folder."""
    opened = Store(tmp_path / "data")
    yield opened
    opened.close()


def make_run(store: Store, name: str, config: dict[str, Any], tags: list[str], rows: list[dict[str, float]]) -> int:
    """Create a run with a row at each step, and return its number."""
    fields = {"runName": name, "projectName": "p", "config": json.dumps(config), "tags": tags}
    run = int(runs.create(store, Fields(fields), "")["runId"])
    lines = [json.dumps({"time": 1000 * step, "step": step, "data": row}) for step, row in enumerate(rows) if row]
    ingest.metrics(store, run, "\n".join(lines).encode())
    return run


def grouped(store: Store, **asked: Any) -> list[tuple[dict[str, Any], Any]]:
    """Return the lines of groups: the header of each, and its columns."""
    body = charts.groups(store, Fields({"width": 100, **asked}))
    (length,) = struct.unpack_from("<I", body)
    header, numbers = json.loads(body[4 : 4 + length]), np.frombuffer(body, offset=4 + length)
    found, at = [], 0
    for line in header["lines"]:
        found.append((line, numbers[at : at + 6 * line["length"]].reshape(6, -1)))
        at += 6 * line["length"]
    assert at == len(numbers)
    return found


def test_a_run_has_its_attributes(store: Store) -> None:
    """Group, job type and sweep are no tags; config, notes and summary texts are searched, our own keys are not."""
    config = {"lr": 0.1, "wandb": {"group": "long name", "notes": "a cosine", "summary": {"verdict": "good"}}}
    make_run(store, "one", config, ["group:long", "job_type:train", "sweep:ab", "best"], [])
    make_run(store, "two", {"lr": 0.2, "model": {"name": "resnet"}}, [], [])
    asked = {"project": "p", "sort": "name"}
    one, two = workspace.run_table(store, Query(asked))["runs"]
    assert [one[key] for key in ("group", "jobType", "sweep", "tags", "notes")] == [
        "long name",
        "train",
        "ab",
        ["best"],
        "a cosine",
    ]
    assert two["group"] is None and two["tags"] == []
    for words, names in (
        ("cosine", ["one"]),
        ("resnet", ["two"]),
        ("good", ["one"]),
        ("summary", []),
        ("0.1 one", ["one"]),
    ):
        found = workspace.run_table(store, Query({**asked, "search": words}))["runs"]
        assert [run["name"] for run in found] == names, words
    with pytest.raises(RequestError, match="no project named 'q'"):
        workspace.run_table(store, Query({"project": "q"}))


def test_columns_that_matter(store: Store) -> None:
    """Config that differs, and metrics with a summary rule or of a validation, come first."""
    metrics = [{"name": "score", "summary": ["max"]}, {"name": "val/*", "step_metric": "epoch"}]
    rows = [{"epoch": 1.0, "loss": 1.0, "score": 1.0, "val/loss": 1.0, "sys/cpu": 1.0}]
    make_run(store, "one", {"lr": 1, "data": "cifar", "wandb": {"metrics": metrics}}, [], rows)
    make_run(store, "two", {"lr": 2, "data": "cifar", "extra": True}, [], rows)
    found = workspace.columns(store, Query({"project": "p"}))
    assert found["differing"] == ["extra", "lr"]
    assert found["important"] == ["score", "val/loss", "epoch", "loss"]
    assert found["definitions"]["val/*"]["step_metric"] == "epoch"


def test_groups_are_averaged(store: Store) -> None:
    """Mean, extremes, deviation and count at each place; runs that ended earlier count until their end."""
    first = make_run(store, "a", {}, [], [{"m": 1.0}, {"m": 2.0}, {"m": 3.0}])
    second = make_run(store, "b", {}, [], [{"m": 3.0}, {}, {"m": 5.0}])  # logs every second step
    third = make_run(store, "c", {}, [], [{"m": 8.0}])
    ((line, columns), (other, alone)) = grouped(store, groups=[[first, second, third], [third]], keys=["m", "none"])
    assert (line["group"], line["runs"], other["group"], other["runs"]) == (0, 3, 1, 1)
    assert columns[0].tolist() == [0, 1, 2]
    assert columns[1].tolist() == [4, 3, 4]
    assert columns[2].tolist() == [1, 2, 3] and columns[3].tolist() == [8, 4, 5]
    assert columns[4].tolist() == pytest.approx(
        [np.std([1, 3, 8], ddof=1), np.std([2, 4], ddof=1), np.std([3, 5], ddof=1)]
    )
    assert columns[5].tolist() == [3, 2, 2]
    assert alone[:, 0].tolist() == [0, 8, 8, 8, 0, 1]


def test_groups_over_another_metric_and_time(store: Store) -> None:
    """The x axis is the value of a metric at the same step, or seconds since a run's first point."""
    run = make_run(store, "a", {}, [], [{"m": 1.0, "epoch": 0.0}, {"m": 2.0}, {"m": 3.0, "epoch": 1.0}])
    ((_, columns),) = grouped(store, groups=[[run]], keys=["m"], x="epoch")
    assert columns[:2].tolist() == [[0, 0.5, 1], [1, 2, 3]]
    ((_, columns),) = grouped(store, groups=[[run]], keys=["m"], x="time", low=1)
    assert columns[:2].tolist() == [[0, 1], [2, 3]]
    assert grouped(store, groups=[[run]], keys=["m"], x="nothing") == []


def test_groups_have_a_bounded_width(store: Store) -> None:
    """Runs of many different steps are averaged at equal distances."""
    ids = [
        make_run(store, str(at), {}, [], [{"m": float(step)} if step % (at + 1) == 0 else {} for step in range(900)])
        for at in range(3)
    ]
    ((_, columns),) = grouped(store, groups=[ids], keys=["m"])
    assert columns.shape == (6, 100)
    assert np.allclose(columns[1], columns[0]) and np.allclose(columns[4], 0)
    with pytest.raises(RequestError, match="at most 1000"):
        grouped(store, groups=[list(range(1001))], keys=["m"])

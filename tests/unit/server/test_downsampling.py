"""Downsampled metrics: charts show the true extremes whatever the order of arrival, and read few points."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wandb_compat.server.limits import STEP
from wandb_compat.server.page import workspace
from wandb_compat.server.params import Fields, Query
from wandb_compat.server.storage import downsampling, ingest, runs
from wandb_compat.server.storage.database import SCHEMA, Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open data folder."""
    opened = Store(tmp_path / "data")
    yield opened
    opened.close()


def new_run(store: Store) -> int:
    """Create a run and return its number."""
    return int(runs.create(store, Fields({"runName": "one", "projectName": "thin"}), "")["runId"])


def send(store: Store, run: int, points: dict[int, float], time: int = 1) -> None:
    """Store points of the metric `m` as a client sends them."""
    lines = [json.dumps({"time": time, "step": step, "data": {"m": value}}) for step, value in points.items()]
    ingest.metrics(store, run, "\n".join(lines).encode())


def drawn(store: Store, low: int = 0, high: int = STEP, wanted: int = 100) -> Any:
    """Return the buckets of the only series."""
    with store.read() as connection:
        return downsampling.buckets(connection, 1, low, high, wanted)


def check(store: Store, points: dict[int, float], wanted: int = 100) -> None:
    """Compare what is drawn with the points: between two buckets' steps lie just the first one's extremes."""
    found = drawn(store, wanted=wanted)
    starts = [int(step) for step in found[:, downsampling.STEP]]
    assert starts == sorted(set(starts))
    assert len(found) <= 2 * wanted
    inside: list[list[float]] = [[] for _ in starts]
    place = -1
    for step in sorted(points):
        if place + 1 < len(starts) and step == starts[place + 1]:
            place += 1
        inside[place].append(points[step])
    for bucket, values in zip(found, inside, strict=True):
        finite = [value for value in values if math.isfinite(value)]
        assert bucket[downsampling.HOLES] == len(values) - len(finite)
        if finite:
            assert (bucket[downsampling.LOW], bucket[downsampling.HIGH]) == (min(finite), max(finite))
            assert bucket[downsampling.MEAN] == pytest.approx(sum(finite) / len(finite))
        else:
            assert math.isnan(bucket[downsampling.LOW])


@pytest.mark.parametrize("seed", range(2))
def test_extremes_survive_whatever_the_order(store: Store, seed: int) -> None:
    """Points in pieces, gaps, late and corrected ones, NaN and infinities, thinned in between or not."""
    chance = random.Random(seed)
    run = new_run(store)
    points: dict[int, float] = {}
    at = 0
    for clock in range(12):
        piece = {}
        for _ in range(chance.randrange(1, 3000)):
            at += chance.choice((1, 1, 1, 50))
            piece[at] = chance.choice((chance.gauss(0, 1), chance.gauss(0, 1), math.nan, math.inf))
        if points and chance.random() < 0.4:
            piece |= {chance.randrange(at): chance.gauss(0, 9) for _ in range(chance.randrange(1, 20))}
        points |= piece
        send(store, run, piece, clock + 1)
        if chance.random() < 0.7:
            downsampling.run_all(store)
        check(store, points)
    downsampling.run_all(store)
    check(store, points)
    check(store, points, wanted=1000)


def test_a_long_series_is_read_from_chunks(store: Store) -> None:
    """Of 100,000 points few hundred rows are read; zoomed in far enough, the points themselves come."""
    run = new_run(store)
    for start in range(0, 100_000, 10_000):
        send(store, run, {step: math.sin(step) for step in range(start, start + 10_000)})
    assert downsampling.run_all(store) == 100_000 - 100_000 % downsampling.CHUNK
    assert downsampling.run_round(store) == (0, False)
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM thin").fetchone()[0] < 400
    check(store, {step: math.sin(step) for step in range(100_000)})
    assert len(drawn(store, 50_000, 50_050, 300)) == 51


def test_the_end_of_a_line_is_as_coarse_as_the_rest(store: Store) -> None:
    """Points that no chunk covers yet make no noisy tail; the last finite value is still exact."""
    run = new_run(store)
    points = {step: math.sin(step) for step in range(4000)} | {3999: math.nan}
    send(store, run, points)
    assert downsampling.run_all(store) == 3584
    check(store, points, wanted=150)
    found = drawn(store, wanted=150)
    assert len({*found[1:, downsampling.STEP] - found[:-1, downsampling.STEP]}) == 1
    with store.read() as connection:
        assert downsampling.last(connection, 1, found, STEP) == math.sin(3998)
        assert downsampling.last(connection, 1, drawn(store, high=1000), 1000) == math.sin(1000)
        assert downsampling.last(connection, 1, drawn(store, low=3999), STEP) is None


def test_a_folder_that_is_opened_again_goes_on(tmp_path: Path) -> None:
    """After a restart the same chunks are used, and new points and late ones find their place."""
    points = {step: float(step % 97) for step in range(5000)}
    store = Store(tmp_path / "data")
    run = new_run(store)
    send(store, run, points)
    downsampling.run_all(store)
    store.close()
    store = Store(tmp_path / "data")
    late = {17: 500.0, **dict.fromkeys(range(5000, 8000), 1.0)}
    send(store, run, late, 2)
    downsampling.run_all(store)
    check(store, points | late)
    store.close()


def test_a_folder_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    """It gets what it lacks, and its points are thinned like all others."""
    store = Store(tmp_path / "data")
    run = new_run(store)
    points = {step: float(step) for step in range(2000)}
    send(store, run, points)
    with store.write() as connection:
        connection.execute("DROP TABLE thin")
        connection.execute("PRAGMA user_version = 1")
    store.close()
    assert "thin" not in SCHEMA
    store = Store(tmp_path / "data")
    assert downsampling.run_all(store) == 1536
    check(store, points)
    store.close()


def test_an_undone_batch_costs_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """When late points drop chunks and the disk then refuses them, what was drawn before is drawn again."""
    run = new_run(store)
    points = {step: float(step % 89) for step in range(4000)}
    send(store, run, points)
    downsampling.run_all(store)
    with pytest.raises(RuntimeError), store.write() as connection:
        store.backlog.add_points(connection, 1, [700])
        raise RuntimeError
    downsampling.run_all(store)
    check(store, points)


def test_a_page_of_the_table(store: Store) -> None:
    """Search, filter, order and columns; runs without the metric come last, and the total is given."""
    for number in range(7):
        fields = {"runName": f"run {number}", "projectName": "table", "config": json.dumps({"a": {"b": number}})}
        run = int(runs.create(store, Fields({**fields, "tags": ["even" if number % 2 == 0 else "odd"]}), "")["runId"])
        if number != 3:
            ingest.metrics(store, run, json.dumps({"time": 1, "step": 1, "data": {"m": -number}}).encode())
    asked = {"project": "table", "sort": "summary_metrics.m", "columns": '["config.a.b","summary.m"]', "limit": "3"}
    found = workspace.run_table(store, Query(asked))
    assert [run["values"] for run in found["runs"]] == [[6, -6.0], [5, -5.0], [4, -4.0]]
    last = workspace.run_table(store, Query({**asked, "offset": "6"}))
    assert [run["values"] for run in last["runs"]] == [[3, None]]
    assert (last["total"], last["all"], last["tags"]) == (7, 7, ["even", "odd"])
    few = workspace.run_table(store, Query({**asked, "search": "odd RUN", "filter": '{"config.a.b": {"$gt": 1}}'}))
    assert [run["name"] for run in few["runs"]] == ["run 5", "run 3"]

"""Every function of `pluto.query` against the embedded server: filters, sorting, paging, downsampling."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import Any

import pluto.query
import pytest

from tests.helpers.raw_http import Api

NOW = 1_700_000_000_000


@pytest.fixture
def runs(api: Api, project: str) -> dict[str, int]:
    """Four runs that differ in everything one can ask for."""
    alpha = api.create(
        project,
        name="Alpha",
        tags=["x", "y"],
        config='{"lr": 0.1, "opt": {"name": "adam"}, "seed": "007", "layers": [1, 2], "flag": true}',
        createdAt=NOW,
        systemMetadata='{"cpu": {"count": 8}}',
    )
    beta = api.create(
        project, name="beta", tags=["y"], config='{"lr": "0.01", "opt": {"name": "sgd"}}', createdAt=NOW + 1
    )
    gamma = api.create(project, name="gamma", config='{"lr": 1}', createdAt=NOW + 2)
    delta = api.create(project, name="Delta alpha", createdAt=NOW + 3)
    api.metrics(alpha, "acc", [0.1, 0.9, math.nan], time=NOW)
    api.metrics(beta, "acc", [0.5], time=NOW + 5000)
    api.metrics(beta, "val/loss", [1.0, 3.0])
    api.post("/api/runs/status/update", runId=beta, status="COMPLETED")
    api.post("/api/runs/status/update", runId=gamma, status="FAILED")
    api.post("/api/runs/status/update", runId=delta, status="TERMINATED")
    return {"alpha": alpha, "beta": beta, "gamma": gamma, "delta": delta}


def iso_time(milliseconds: int) -> str:
    """Return a time as people write it in filters."""
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).isoformat()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "alpha beta gamma delta"),
        ({"state": "running"}, "alpha"),
        ({"state": "finished"}, "beta"),
        ({"status": {"$in": ["crashed", "killed"]}}, "gamma delta"),
        ({"status": {"$nin": ["FAILED"]}}, "alpha beta delta"),
        ({"status": {"$ne": "COMPLETED"}}, "alpha gamma delta"),
        ({"name": "beta"}, "beta"),
        ({"displayName": {"$ne": "beta"}}, "alpha gamma delta"),
        ({"name": {"$regex": "ALPHA"}}, "alpha delta"),
        ({"tags": "y"}, "alpha beta"),
        ({"tags": {"$in": ["x", "z"]}}, "alpha"),
        ({"$not": {"tags": "y"}}, "gamma delta"),
        ({"created_at": {"$gt": iso_time(NOW), "$lte": iso_time(NOW + 2)}}, "beta gamma"),
        ({"createdAt": iso_time(NOW)}, "alpha"),
        ({"heartbeat_at": {"$gte": iso_time(NOW + 4000)}}, "beta"),
        ({"heartbeat_at": {"$lt": iso_time(NOW + 2)}}, "alpha"),
        ({"config.lr": 0.1}, "alpha"),
        ({"config.lr": {"$lt": 0.5}}, "alpha beta"),
        ({"config.lr": {"$ne": 1}}, "alpha beta delta"),
        ({"config.lr": {"$in": [1, "0.1"]}}, "alpha gamma"),
        ({"config.lr": {"$nin": [1, 0.1]}}, "beta delta"),
        ({"config.seed": {"$gt": 1}}, ""),
        ({"config.seed": "007"}, "alpha"),
        ({"config.seed": 7}, ""),
        ({"config.flag": True}, "alpha"),
        ({"config.layers": {"$regex": "^\\[1, 2"}}, "alpha"),
        ({"config.opt.name": {"$regex": "^a"}}, "alpha"),
        ({"config.opt.name": {"$regex": "^A"}}, ""),
        ({"systemMetadata.cpu.count": {"$gte": 8}}, "alpha"),
        ({"summary_metrics.acc": {"$gt": 0.5}}, "alpha"),
        ({"summaryMetrics.acc": {"$gte": 0.5}}, "alpha beta"),
        ({"summaryMetrics.val/loss": {"$lte": 3}}, "beta"),
        ({"$or": [{"state": "failed"}, {"summaryMetrics.acc": {"$gt": 0.5}}]}, "alpha gamma"),
        ({"$and": [{"tags": "y"}, {"$not": {"state": "running"}}]}, "beta"),
        ({"$or": []}, ""),
        ({"$and": []}, ""),
        ({"summaryMetrics.acc": 0.5}, "beta"),
        ({"config.lr": {"$in": 1}}, "gamma"),
        ({"name": {"$regex": "_LP%A"}}, "alpha delta"),
    ],
)
def test_filters_select(pq: pluto.query.Client, project: str, runs: dict[str, int], given: Any, expected: str) -> None:
    """Each field, operator and boolean combination of the grammar."""
    found = {run["id"] for run in pq.list_runs(project, filters=given)}
    assert found == {runs[name] for name in expected.split()}


@pytest.mark.parametrize(
    "given",
    [
        "[]",
        "1",
        "{",
        '{"$nor": []}',
        '{"$and": {}}',
        '{"$or": [1]}',
        '{"colour": 1}',
        '{"config.": 1}',
        '{"state": "asleep"}',
        '{"state": {"$gt": "running"}}',
        '{"name": {"$in": ["a"]}}',
        '{"tags": {"$nin": ["a"]}}',
        '{"heartbeat_at": "2023-11-14T00:00:00Z"}',
        '{"config.lr": {"$near": 1}}',
        '{"config.lr": {}}',
        '{"summaryMetrics.acc": {"$gt": NaN}}',
        '{"$not": ' * 60 + "{}" + "}" * 60,
    ],
)
def test_filters_that_make_no_sense_are_refused(api: Api, project: str, given: str) -> None:
    """400 with a reason, never a wrong answer."""
    answer = api.get("/api/runs/list", projectName=project, filter=given)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "given",
    [
        '{"created_at": {"$gt": "yesterday"}}',
        '{"created_at": {"$gt": 1700000000000}}',
        '{"config.lr": {"$gt": "fast"}}',
        '{"config.lr": {"$regex": "("}}',
    ],
)
def test_operands_that_the_real_database_refuses_are_500(api: Api, project: str, given: str) -> None:
    """As on the real server: clients have to check dates, numbers and regular expressions themselves."""
    assert api.get("/api/runs/list", projectName=project, filter=given).status_code == 500


def test_filters_search_and_tags_are_combined(pq: pluto.query.Client, project: str, runs: dict[str, int]) -> None:
    """`search` looks at name and display id, `tags` takes any of the given ones, all conditions must hold."""
    display = pq.get_run(project, runs["gamma"])["displayId"]

    def ids(**arguments: Any) -> set[int]:
        return {run["id"] for run in pq.list_runs(project, **arguments)}

    assert ids(search="ALPHA") == {runs["alpha"], runs["delta"]}
    assert ids(search=display.lower()) == {runs["gamma"]}
    assert ids(tags=["x", "y"]) == {runs["alpha"], runs["beta"]}
    assert ids(tags=["y"], filters={"state": "completed"}, search="b") == {runs["beta"]}
    assert pq.list_runs("no such project") == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (None, "delta gamma beta alpha"),
        ("+createdAt", "alpha beta gamma delta"),
        ("created_at", "alpha beta gamma delta"),
        ("-name", "gamma beta delta alpha"),
        ("+config.lr.value", "beta alpha gamma delta"),
        ("-config.lr.value", "gamma alpha beta delta"),
        ("+config.opt.name.value", "alpha beta delta gamma"),
        ("+systemMetadata.cpu.count.value", "alpha delta gamma beta"),
        ("-status", "delta gamma beta alpha"),
        ("-summary_metrics.acc", "alpha beta"),
        ("-heartbeat_at", "beta alpha"),
    ],
)
def test_runs_are_sorted(
    pq: pluto.query.Client, project: str, runs: dict[str, int], sort: str | None, expected: str
) -> None:
    """By every kind of key; runs without a value come last, or are left out where a metric or heartbeat decides."""
    assert [run["id"] for run in pq.list_runs(project, sort=sort)] == [runs[name] for name in expected.split()]


def test_lists_are_paged(api: Api, pq: pluto.query.Client, project: str, runs: dict[str, int]) -> None:
    """Pages join to the whole list, `total` counts it, and bounds are kept."""
    pages = [pq.list_runs(project, limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 1, 0]
    assert {run["id"] for page in pages for run in page} == set(runs.values())
    assert api.get("/api/runs/list", projectName=project, limit=1).json()["total"] == 4
    for query in (
        {"limit": 0},
        {"limit": 201},
        {"offset": -1},
        {"limit": "x"},
        {"sort": "colour"},
        {"fieldFilters": "[]"},
        {"status": "running"},
    ):
        assert api.get("/api/runs/list", projectName=project, **query).status_code == 400, query


def test_projects_are_listed(pq: pluto.query.Client, project: str, runs: dict[str, int]) -> None:
    """With the number of their runs."""
    [entry] = [entry for entry in pq.list_projects() if entry["name"] == project]
    assert entry["runCount"] == 4


def test_metric_names_are_listed(pq: pluto.query.Client, project: str, runs: dict[str, int]) -> None:
    """Distinct, sorted, for the project or some of its runs."""
    assert pq.get_metric_names(project) == ["acc", "val/loss"]
    assert pq.get_metric_names(project, run_ids=[runs["alpha"]]) == ["acc"]
    assert pq.get_metric_names(project, search="LOSS") == ["val/loss"]
    assert pq.get_metric_names(project, limit=1) == ["acc"]


def test_points_have_kind_and_time(pq: pluto.query.Client, project: str, runs: dict[str, int]) -> None:
    """Order is name, then step; times are UTC text; groups are the part before the last slash."""
    points = pq.get_metrics(project, runs["beta"])
    assert [(point["metric"], point["step"], point["value"]) for point in points] == [
        ("acc", 0, 0.5),
        ("val/loss", 0, 1.0),
        ("val/loss", 1, 3.0),
    ]
    assert points[0]["time"] == "2023-11-14 22:13:25.000"
    assert [point["logGroup"] for point in points] == ["", "val", "val"]
    display = pq.get_run(project, runs["beta"])["displayId"]
    assert [point["step"] for point in pq.get_metrics(project, display, ["val/loss"], step_min=1, step_max=1)] == [1]
    assert len(pq.get_metrics(project, runs["beta"], ["acc", "val/loss"])) == 3


def test_long_series_are_thinned_with_their_last_point(api: Api, pq: pluto.query.Client, project: str) -> None:
    """Every n-th point and the last one; a window is thinned on its own."""
    run = api.create(project)
    api.metrics(run, "m", [float(step) for step in range(1000)])
    assert len(pq.get_metrics(project, run, ["m"], limit=1000)) == 1000
    assert [point["step"] for point in pq.get_metrics(project, run, ["m"], limit=4)] == [0, 250, 500, 750, 999]
    assert [point["step"] for point in pq.get_metrics(project, run, ["m"], limit=2, step_min=10, step_max=13)] == [
        10,
        12,
        13,
    ]


def test_statistics_skip_what_is_not_finite(api: Api, pq: pluto.query.Client, project: str) -> None:
    """Count, extremes, mean, population deviation and last value."""
    run = api.create(project)
    api.metrics(run, "m", [1.0, math.inf, 2.0, 4.0, math.nan, -math.inf])
    api.metrics(run, "n", [math.nan])
    answer = pq.get_statistics(project, run)
    metric, other = answer["metrics"]
    assert (metric["count"], metric["min"], metric["max"], metric["last"]) == (3, 1.0, 4.0, {"step": 5, "value": 4.0})
    assert (other["count"], other["min"], other["mean"], other["last"]) == (0, 0, None, {"step": 0, "value": 0})
    assert math.isclose(metric["mean"], 7 / 3)
    assert math.isclose(metric["stddev"], math.sqrt(14 / 9))
    assert answer["url"].endswith(f"/projects/{project}/{run}")


def test_runs_are_compared(pq: pluto.query.Client, project: str, runs: dict[str, int]) -> None:
    """A run without the metric has no statistics."""
    answer = pq.compare_runs(project, [runs["alpha"], runs["beta"], runs["gamma"]], "acc")
    finals = {run["runId"]: run["stats"] and run["stats"]["final"] for run in answer["runs"]}
    assert finals == {runs["alpha"]: 0.9, runs["beta"]: 0.5, runs["gamma"]: None}


@pytest.mark.parametrize(
    ("aggregation", "direction", "expected"),
    [
        ("LAST", "ASC", [("beta", 0.5), ("alpha", 0.9)]),
        ("MIN", "ASC", [("alpha", 0.1), ("beta", 0.5)]),
        ("MAX", "DESC", [("alpha", 0.9), ("beta", 0.5)]),
        ("AVG", "ASC", [("alpha", 0.5), ("beta", 0.5)]),
        ("VARIANCE", "DESC", [("alpha", 0.16), ("beta", 0.0)]),
    ],
)
def test_runs_are_ranked(
    pq: pluto.query.Client,
    project: str,
    runs: dict[str, int],
    aggregation: str,
    direction: str,
    expected: list[tuple[str, float]],
) -> None:
    """By each aggregation in both directions."""
    board: Any = pq.leaderboard(project, "acc", aggregation=aggregation, direction=direction)
    assert [run["runId"] for run in board["runs"]] == [runs[name] for name, _ in expected]
    assert [run["value"] for run in board["runs"]] == pytest.approx([value for _, value in expected])
    assert ([run["rank"] for run in board["runs"]], board["total"]) == ([1, 2], 2)
    second: Any = pq.leaderboard(project, "acc", aggregation=aggregation, direction=direction, limit=1, offset=1)
    assert [run["rank"] for run in second["runs"]] == [2]


def test_console_lines_are_filtered_and_paged(api: Api, pq: pluto.query.Client, project: str) -> None:
    """In the order of their numbers."""
    run = api.create(project)
    lines = [
        {"time": NOW + number, "message": f"line {number}", "lineNumber": number, "logType": kind}
        for number, kind in enumerate(["INFO", "ERROR", "INFO", "INFO"], 1)
    ]
    api.ingest("logs", run, *reversed(lines))
    assert [line["lineNumber"] for line in pq.get_logs(project, run)] == [1, 2, 3, 4]
    assert [line["message"] for line in pq.get_logs(project, run, log_type="ERROR")] == ["line 2"]
    assert [line["lineNumber"] for line in pq.get_logs(project, run, limit=2, offset=1)] == [2, 3]
    with pytest.raises(pluto.query.QueryError):
        pq.get_logs(project, run, log_type="info")


def test_details_hold_everything_that_create_sent(api: Api, pq: pluto.query.Client, project: str) -> None:
    """By number and by display id; an unknown run is a `QueryError` with 404."""
    metadata = {"cpu": {"count": 8}}
    run = api.create(project, externalId="ext", systemMetadata=json.dumps(metadata), loggerSettings='{"dir": "/x"}')
    by_number = pq.get_run(project, run)
    by_display = pq.get_run(project, by_number["displayId"])
    assert {key: by_number[key] for key in by_display} == by_display
    assert (by_number["systemMetadata"], by_number["loggerSettings"]) == (metadata, {"dir": "/x"})
    assert (by_number["externalId"], by_number["config"], by_number["number"]) == ("ext", None, 1)
    with pytest.raises(pluto.query.QueryError) as refusal:
        pq.get_run(project, 10**9)
    assert refusal.value.status_code == 404


def test_a_run_of_another_project_is_not_found(api: Api, project: str) -> None:
    """Points and files are asked for within a project."""
    run = api.create(project)
    api.metrics(run, "m", [1.0])
    for path, field in (("metrics", "metrics"), ("files", "files"), ("logs", "logs"), ("metrics/raw", "rows")):
        answer = api.get(f"/api/runs/{path}", runId=run, projectName="another", logName="m")
        assert (answer.status_code, answer.json()[field]) == (200, [])
    assert api.get("/api/runs/statistics", runId=run, projectName="another").status_code == 404

"""What is logged is stored once, the newest value wins, and resent batches change nothing."""

from __future__ import annotations

import math

import pytest

from tests.helpers.raw_http import Api


def test_ten_thousand_lines_are_one_batch(api: Api, project: str) -> None:
    """A large batch is stored whole."""
    run = api.create(project)
    lines = "\n".join(f'{{"time":1,"step":{step},"data":{{"m":{step}.5}}}}' for step in range(10_000))
    assert api.ingest("metrics", run, lines).status_code == 200
    [metric] = api.get("/api/runs/statistics", runId=run).json()["metrics"]
    assert (metric["count"], metric["last"]) == (10_000, {"step": 9999, "value": 9999.5})


def test_resent_batches_leave_no_doubles(api: Api, project: str) -> None:
    """Console lines and texts that arrive twice are stored once; different lines of one number stay apart."""
    run = api.create(project)
    log = {"time": 1, "message": "x", "lineNumber": 1, "logType": "INFO"}
    datum = {"time": 1, "step": 1, "dataType": "string-series", "logName": "s", "data": "v"}
    for _ in range(2):
        api.ingest("logs", run, log, {**log, "logType": "ERROR"}, {**log, "message": "y"})
        api.ingest("data", run, datum, {**datum, "data": "w"})
    assert api.get("/api/runs/logs", runId=run).json()["total"] == 3
    assert [entry["data"] for entry in api.get("/api/embedded/data", runId=run).json()["data"]] == ["v", "w"]


def test_files_are_listed_once_without_their_place(api: Api, project: str) -> None:
    """A file that is announced again has one entry unless the server keeps duplicates."""
    run = api.create(project)
    entry = {"fileName": "f", "fileSize": 1, "fileType": "YML", "time": 1, "logName": "l", "step": 0}
    for _ in range(3):
        assert api.presign(run, entry, {**entry, "fileName": "g", "sampleIndex": 1}).status_code == 200
    files = api.get("/api/runs/files", runId=run).json()["files"]
    assert [(file["fileName"], file["fileType"]) for file in files] == [("f", "yaml"), ("g", "yaml")]
    assert not any("sampleIndex" in file for file in files)


def test_points_under_another_project_are_never_seen(api: Api, project: str) -> None:
    """The real server files them under the project in the header."""
    run = api.create(project)
    assert api.ingest("metrics", run, {"time": 1, "step": 1, "data": {"m": 1}}, project="another").status_code == 200
    assert api.get("/api/runs/metrics", runId=run).json() == {"metrics": []}


def test_all_points_of_a_metric_can_be_read(api: Api, project: str) -> None:
    """Without downsampling, with flags for what is not finite, and whether there are more."""
    run = api.create(project)
    api.metrics(run, "m", [0.0, math.nan, math.inf, -math.inf, 4.0])
    answer = api.get("/api/runs/metrics/raw", runId=run, logName="m").json()
    assert [(row["step"], row["value"], row["nonFiniteFlags"]) for row in answer["rows"]] == [
        (0, 0, 0),
        (1, 0, 1),
        (2, 0, 2),
        (3, 0, 4),
        (4, 4.0, 0),
    ]
    assert answer["truncated"] is False
    some = api.get("/api/runs/metrics/raw", runId=run, logName="m", stepMin=1, limit=2).json()
    assert ([row["step"] for row in some["rows"]], some["truncated"]) == ([1, 2], True)
    assert api.get("/api/runs/metrics/raw", runId=run).status_code == 400


@pytest.mark.parametrize("key", ["x" * 5000, "with\nnewline", "ü/ß", "a\tb", "'; DROP TABLE run; --"])
def test_any_text_can_be_a_key(api: Api, project: str, key: str) -> None:
    """Keys are data, never syntax."""
    run = api.create(project)
    api.metrics(run, key, [1.0])
    assert api.get("/api/runs/metric-names", projectName=project).json()["metricNames"] == [key]
    [point] = api.get("/api/runs/metrics", runId=run, logName=key).json()["metrics"]
    assert point["value"] == 1.0


def test_data_may_arrive_after_the_end(api: Api, project: str) -> None:
    """The terminal status may overtake the last rows."""
    run = api.create(project)
    api.post("/api/runs/status/update", runId=run, status="COMPLETED")
    api.metrics(run, "m", [1.0])
    assert api.details(run)["status"] == "COMPLETED"
    assert len(api.get("/api/runs/metrics", runId=run).json()["metrics"]) == 1


def test_log_names_keep_their_first_type(api: Api, project: str) -> None:
    """Registering is idempotent; a type that the real server does not know is refused."""
    run = api.create(project)
    for kind in ("METRIC", "IMAGE"):
        assert api.post("/api/runs/logName/add", runId=run, logName=["a/b/c", "d"], logType=kind).status_code == 200
    assert api.post("/api/runs/logName/add", runId=run, logName=["g"], logType="GRAPH").status_code == 400
    assert api.details(run)["logNames"] == [
        {"logName": "a/b/c", "logType": "METRIC", "logGroup": "a/b"},
        {"logName": "d", "logType": "METRIC", "logGroup": ""},
    ]


def test_model_graphs_come_back(api: Api, project: str) -> None:
    """What `watch` sends can be read."""
    run = api.create(project)
    graph = {"format": "torch", "nodes": {"fc": {"type": "Linear", "depth": 1}}}
    assert api.post("/api/runs/modelGraph/create", runId=run, graph=graph).status_code == 200
    assert api.get("/api/embedded/modelGraph", runId=run).json()["graph"] == graph

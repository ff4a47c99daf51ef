"""The unmodified `pluto-ml` client logs to the embedded server, and everything can be read back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pluto.query
import pytest

from tests.helpers.raw_http import Api

Script = Callable[..., subprocess.CompletedProcess[str]]


def test_everything_that_a_run_logs_can_be_read_back(
    script: Script, api: Api, pq: pluto.query.Client, project: str, tmp_path: Path
) -> None:
    """Numbers with NaN and infinities, texts, histograms, tables, files, tags, config and console lines arrive."""
    script(
        """
        import pathlib, sys
        import numpy as np
        run = pluto.init(project=project, name="all", config={"a": {"b": 1}}, tags=["one"], settings=settings())
        for step, value in enumerate([0.5, float("nan"), float("inf"), float("-inf"), 2]):
            run.log({"train/loss": value}, step=step)
        run.log({"note": "hello", "hist": pluto.Histogram([1.0, 2.0, 2.0]), "table": pluto.Table([[1, "x"]])}, step=5)
        pathlib.Path("report.txt").write_text("content")
        run.log({"report": pluto.Artifact("report.txt", caption="my caption")}, step=6)
        black = np.zeros((2, 2, 3), dtype=np.uint8)
        run.log({"picture": [pluto.Image(black, caption=str(place)) for place in range(2)]}, step=6)
        run.add_tags(["two"])
        run.update_config({"a": {"c": 2}})
        print("a line of output")
        print("a line of errors", file=sys.stderr)
        pluto.alert(message="body", title="Title", level="WARN", email=False)
        run.finish()
        """
    )
    [listed] = pq.list_runs(project)
    run = listed["id"]
    details = pq.get_run(project, run)
    assert details["status"] == "COMPLETED"
    assert details["config"] == {"a": {"b": 1, "c": 2}}
    assert sorted(details["tags"]) == ["one", "two"]
    types = {entry["logName"]: entry["logType"] for entry in details["logNames"]}
    assert types.items() >= {"train/loss": "METRIC", "note": "DATA", "hist": "HISTOGRAM", "table": "TABLE"}.items()

    points = pq.get_metrics(project, run, ["train/loss"])
    assert [point["step"] for point in points] == [0, 1, 2, 3, 4]
    assert [point["valueFlag"] for point in points] == ["", "NaN", "Inf", "-Inf", ""]
    assert [points[0]["value"], points[4]["value"]] == [0.5, 2]

    data = {entry["logName"]: entry for entry in api.get("/api/embedded/data", runId=run).json()["data"]}
    assert (data["note"]["dataType"], data["note"]["data"], data["note"]["step"]) == ("string-series", "hello", 5)
    assert json.loads(data["hist"]["data"])["type"] == "Histogram"
    assert json.loads(data["table"]["data"])["table"] == [[1, "x"]]

    [report] = pq.get_files(project, run, "report")
    assert (report["caption"], report["step"], report["fileSize"]) == ("my caption", 6, 7)
    target = pq.download_file(project, run, "report", tmp_path / "copy.txt")
    assert target.read_text() == "content"
    assert [picture["caption"] for picture in pq.get_files(project, run, "picture")] == ["0", "1"]

    lines = {(line["logType"], line["message"]) for line in pq.get_logs(project, run)}
    assert ("INFO", "a line of output") in lines
    assert ("ERROR", "a line of errors") in lines
    [alert] = api.get("/api/embedded/alerts", runId=run).json()["alerts"]
    assert (alert["title"], alert["body"]) == ("Title", "body")


def test_runs_are_resumed_by_every_kind_of_id_and_forked(script: Script, pq: pluto.query.Client, project: str) -> None:
    """External id, number and display id reopen the same run; a fork knows its parent and inherits the config."""
    done = script(
        """
        import json
        opened = []
        def session(step, **arguments):
            run = pluto.init(project=project, name="r", settings=settings(), **arguments)
            run.log({"m": float(step)}, step=step)
            run.finish()
            opened.append((run.id, run.resumed))
            return run
        first = session(1, run_id="my-own-id", config={"lr": 1})
        session(2, run_id="my-own-id", resume=True)
        session(3, run_id=first.id, resume=True)
        session(5, fork_run_id=first.id, fork_step=2, config={"extra": 2})
        print("OPENED", json.dumps(opened))
        """
    )
    opened = json.loads(done.stdout.rpartition("OPENED ")[2].splitlines()[0])
    first, fork = opened[0][0], opened[-1][0]
    assert opened[:3] == [[first, False], [first, True], [first, True]]
    display = pq.get_run(project, first)["displayId"]
    script(
        f"""
        run = pluto.init(project=project, run_id={display!r}, resume=True, settings=settings())
        assert run.id == {first}, run.id
        run.log({{"m": 9.0}}, step=9)
        run.finish()
        """
    )
    assert [point["step"] for point in pq.get_metrics(project, first, ["m"])] == [1, 2, 3, 9]
    child = pq.get_run(project, fork)
    assert (child["forkedFromRunId"], child["forkStep"], child["config"]) == (first, 2, {"lr": 1, "extra": 2})
    assert pq.get_run(project, first)["status"] == "COMPLETED"


def test_an_uncaught_exception_marks_the_run_failed(script: Script, pq: pluto.query.Client, project: str) -> None:
    """The client's report of a crash, with its message, is kept."""
    script(
        """
        pluto.init(project=project, name="crash", settings=settings())
        raise RuntimeError("boom")
        """,
        exit_code=1,
    )
    [run] = pq.list_runs(project)
    assert pq.get_run(project, run["id"])["status"] == "FAILED"


def test_a_cancelled_run_stops_its_process_at_the_next_heartbeat(
    script: Script, pq: pluto.query.Client, project: str
) -> None:
    """The heartbeat answers with the status, and on CANCELLED the client exits with code 2."""
    script(
        """
        import os, time, urllib.request, json
        run = pluto.init(project=project, name="cancelled", settings=settings())
        body = json.dumps({"runId": run.id, "status": "CANCELLED"}).encode()
        headers = {"Authorization": "Bearer " + os.environ["PLUTO_API_KEY"], "Content-Type": "application/json"}
        url = os.environ["PLUTO_URL_API"] + "/api/runs/status/update"
        urllib.request.urlopen(urllib.request.Request(url, body, headers))
        time.sleep(30)
        """,
        exit_code=2,
    )
    [run] = pq.list_runs(project)
    assert run["status"] == "CANCELLED"


def test_a_file_attached_afterwards_can_be_downloaded(
    api: Api, pq: pluto.query.Client, project: str, tmp_path: Path
) -> None:
    """With a step; without one the real server refuses the announcement."""
    run = api.create(project)
    source = tmp_path / "weights.bin"
    source.write_bytes(b"\x00\x01" * 1000)
    with pytest.raises(pluto.query.QueryError, match="422"):
        pq.upload_file(project, run, "models/last", source, caption="the last one")
    pq.upload_file(project, run, "models/last", source, caption="the last one", step=0)
    [entry] = pq.get_files(project, run)
    assert (entry["logName"], entry["logGroup"], entry["step"], entry["caption"]) == (
        "models/last",
        "models",
        0,
        "the last one",
    )
    assert pq.download_file(project, run, "models/last", tmp_path / "copy").read_bytes() == source.read_bytes()
    assert entry["fileSize"] == 2000

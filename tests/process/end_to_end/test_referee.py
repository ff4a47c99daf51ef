"""The referee: the same script through pluto-ml and through us leaves the same state on the server."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.helpers.server_state import Script, Server

OURS = """
import wandb
run = wandb.init(id="ours", name="twin", tags=["a", "b"], config={"lr": 0.1, "net": {"depth": 3}, "list": [1, 2]})
for step in range(20):
    run.log({"train/loss": 1 / (step + 1), "count": step, "word": f"w{step}"}, step=step)
run.log({"train/loss": float("nan"), "count": float("inf")}, step=20)
run.config.update({"later": True})
print("a line")
run.finish()
"""

THEIRS = """
import pluto
op = pluto.init(project={project!r}, run_id="theirs", name="twin", tags=["a", "b"],
                config={{"lr": 0.1, "net": {{"depth": 3}}, "list": [1, 2]}})
for step in range(20):
    op.log({{"train/loss": 1 / (step + 1), "count": step, "word": f"w{{step}}"}}, step=step)
op.log({{"train/loss": float("nan"), "count": float("inf")}}, step=20)
op.update_config({{"later": True}})
print("a line")
op.finish()
"""


def state(server: Server, project: str, external_id: str) -> dict[str, Any]:
    """Return what the server has of a run, without what must differ: numbers, times, machine."""
    listed = server.get("/api/runs/list", projectName=project)["runs"]
    runs = [server.get(f"/api/runs/details/{one['id']}", projectName=project) for one in listed]
    (run,) = [run for run in runs if run["externalId"] == external_id]
    keys = {(key["logName"], key["logType"], key["logGroup"]) for key in run["logNames"]}
    rows = server.get("/api/runs/metrics", projectName=project, runId=run["id"], limit=10000)["metrics"]
    data = server.get("/api/embedded/data", projectName=project, runId=run["id"])["data"]
    logs = server.get("/api/runs/logs", projectName=project, runId=run["id"], logType="INFO")["logs"]
    return {
        "name": run["name"],
        "status": run["status"],
        "tags": set(run["tags"]),
        "config": {key: value for key, value in run["config"].items() if key != "wandb"},
        "keys": {key for key in keys if not key[0].startswith("sys/")},
        "metrics": [
            (row["logName"], row["logGroup"], row["step"], row["value"], row["valueFlag"])
            for row in rows
            if not row["logName"].startswith("sys/")
        ],
        "data": [(one["logName"], one["dataType"], one["step"], one["data"]) for one in data],
        "printed": "a line" in [line["message"] for line in logs],
    }


def test_the_same_script_leaves_the_same_state(
    script: Script, server: Server, project: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """Names, types, steps, values, tags, config, status: as pluto-ml's own client leaves them."""
    script(OURS)
    folder = tmp_path / "theirs"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", THEIRS.format(project=project)],
        cwd=folder,
        env={**environment, "PLUTO_DIR": str(folder), "WANDB_COMPAT": "off"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    server.settle()
    assert state(server, project, "ours") == state(server, project, "theirs")


def test_pluto_query_reads_what_we_wrote(
    script: Script, server: Server, project: str, environment: dict[str, str]
) -> None:
    """The unmodified SDK finds our run by name, display id, filter and metric."""
    script(OURS)
    server.settle()
    code = f"""
import json, pluto.query as q
(listed,) = q.list_runs({project!r}, search="twin")
run = q.get_run({project!r}, listed["displayId"])
rows = q.get_metrics({project!r}, run["id"], ["count"])
rows = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
print(json.dumps([run["name"], run["status"], len(rows), sorted(q.get_metric_names({project!r}))]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    name, status, count, names = __import__("json").loads(done.stdout.splitlines()[-1])
    assert (name, status, count) == ("twin", "COMPLETED", 21)
    assert {"count", "train/loss"} <= set(names)

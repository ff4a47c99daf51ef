"""The main job: an unchanged wandb script logs to Pluto alone."""

import os
import subprocess
import time
from pathlib import Path

from tests.helpers.environments import ROOT
from tests.helpers.server_state import Script, Server

QUICKSTART = (ROOT / "examples" / "quickstart.py").read_text()


def test_the_quick_start_arrives_whole(script: Script, server: Server, environment: dict[str, str]) -> None:
    """Name, state, config, every metric with every step: the server has what the script logged."""
    script(QUICKSTART, PLUTO_PROJECT="quickstart-whole")
    run = server.run("quickstart-whole")
    assert run["status"] == "COMPLETED"
    assert {key: value for key, value in run["config"].items() if key != "wandb"} == {
        "learning_rate": 0.02,
        "architecture": "CNN",
        "dataset": "CIFAR-100",
        "epochs": 10,
    }
    for name in ("acc", "loss"):
        assert [row["step"] for row in server.metrics("quickstart-whole", run["id"], name)] == list(range(8))
    assert {(key["logName"], key["logType"]) for key in run["logNames"]} >= {("acc", "METRIC"), ("loss", "METRIC")}


def test_five_thousand_quick_calls_all_arrive(script: Script, server: Server, project: str) -> None:
    """As fast as Python can, then finish: 5,000 rows on the server at exit, in order, each with its value."""
    script(
        """
        import wandb
        with wandb.init() as run:
            for step in range(5000):
                run.log({"loss": step / 3})
        """
    )
    run = server.run(project)
    rows = server.metrics(project, run["id"], "loss")
    assert [row["step"] for row in rows] == list(range(5000))
    assert [row["value"] for row in rows] == [step / 3 for step in range(5000)]
    assert run["status"] == "COMPLETED"


def test_everything_else_a_run_says_arrives(script: Script, server: Server, project: str) -> None:
    """Tags, group, job type, later config, summary, notes, text, histograms and what the script prints."""
    script(
        """
        import wandb
        run = wandb.init(name="a name", tags=["one"], group="G", job_type="J", notes="N", config={"a": 1})
        print("hello from the script")
        run.config.update({"b": {"c": 2}})
        run.tags += ("two",)
        run.log({"loss": 1.5, "word": "blue", "many": list(range(20)), "flag": True})
        run.log({"loss": float("nan")})
        run.summary["best"] = 7
        run.finish()
        """
    )
    run = server.run(project)
    assert run["name"] == "a name"
    assert set(run["tags"]) == {"one", "two", "group:G", "job_type:J"}
    assert (run["config"]["a"], run["config"]["b"]) == (1, {"c": 2})
    assert run["config"]["wandb"]["notes"] == "N"
    assert run["config"]["wandb"]["summary"]["best"] == 7
    assert [row["valueFlag"] for row in server.metrics(project, run["id"], "loss")] == ["", "NaN"]
    assert [row["value"] for row in server.metrics(project, run["id"], "flag")] == [1]
    data = server.get("/api/embedded/data", projectName=project, runId=run["id"])["data"]
    assert {(one["logName"], one["dataType"]) for one in data} == {("word", "string-series"), ("many", "HISTOGRAM")}
    lines = server.get("/api/runs/logs", projectName=project, runId=run["id"])["logs"]
    assert "hello from the script" in [line["message"] for line in lines]


def test_two_runs_of_a_process_stay_apart(script: Script, server: Server, project: str) -> None:
    """A second run after the first one's end has its own rows and state."""
    script(
        """
        import wandb
        for number in range(2):
            with wandb.init(id=f"run{number}"):
                wandb.log({"n": number})
        """
    )
    runs = server.get("/api/runs/list", projectName=project)["runs"]
    assert len(runs) == 2
    server.settle()
    values = [server.metrics(project, run["id"], "n")[0]["value"] for run in runs]
    assert sorted(values) == [0, 1]


def test_an_id_never_takes_over_the_run_of_somebody_else(script: Script, server: Server, project: str) -> None:
    """An id of digits, or one that looks like a display id, is an id like any other."""
    script("import wandb; wandb.init(id='first').finish()")
    first = server.run(project)
    for taken in (str(first["id"]), first["displayId"]):
        script(f"import wandb; run = wandb.init(id={taken!r}); run.log({{'x': 1}}); run.finish()")
    runs = server.get("/api/runs/list", projectName=project)["runs"]
    assert len(runs) == 3
    server.settle()
    assert server.metrics(project, first["id"], "x") == []


def test_pluto_run_id_names_a_run_of_the_server(script: Script, server: Server, project: str) -> None:
    """PLUTO_RUN_ID with a number or a display id writes to that run, and adds tags and config to what it has."""
    script("import wandb; wandb.init(id='first', tags=['old'], config={'a': 1}).finish()")
    first = server.run(project)
    for step, target in enumerate((str(first["id"]), first["displayId"])):
        script(
            f"""
            import wandb
            with wandb.init(tags=["new"], config={{"b": {step}}}) as run:
                run.log({{"x": 1}}, step={step})
            """,
            PLUTO_RUN_ID=target,
        )
    run = server.run(project)
    assert [row["step"] for row in server.metrics(project, run["id"], "x")] == [0, 1]
    assert set(run["tags"]) == {"old", "new"}
    assert (run["config"]["a"], run["config"]["b"]) == (1, 1)


def test_nothing_but_the_head_stays_on_disk(script: Script, tmp_path: Path) -> None:
    """Once all was seen to be stored the journal's further files are gone; the one that tools look for stays."""
    script(
        """
        import wandb
        with wandb.init(id="abc") as run:
            for step in range(3000):
                run.log({"loss": step})
        """,
        WANDB_COMPAT_SEGMENT_SIZE="20000",
    )
    (home,) = (tmp_path / "work" / "wandb" / "latest-run").glob("run-*")
    assert home.name == "run-abc.wandb"
    deadline = time.monotonic() + 60  # the uploader stays for up to 30 s after the end to see what was stored
    while (left := sorted(path.name for path in (home.parent / "journal").glob("*-*.journal"))) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.2)
    assert left == []


def test_a_relative_path_of_imports_serves_the_uploader_too(
    server: Server, project: str, environment: dict[str, str], bare_python: str, tmp_path: Path
) -> None:
    """Where only a relative PYTHONPATH has us, as with vendored packages, the uploader finds its own modules."""
    folder = tmp_path / "work"
    folder.mkdir()
    subprocess.run(
        [bare_python, "-c", "import wandb; wandb.init(); wandb.log({'a': 1}); wandb.finish()"],
        cwd=folder,
        env={**environment, "PYTHONPATH": os.path.relpath(ROOT, folder)},
        check=True,
    )
    assert len(server.metrics(project, server.run(project)["id"], "a")) == 1

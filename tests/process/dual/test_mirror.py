"""What is logged to the real wandb reaches Pluto, at wandb's steps."""

import json

import pytest

from tests.process.dual.conftest import ALL, Stage
from tests.process.faults.conftest import ROUNDS
from wandb_compat.dual.supported_versions import TESTED

SESSION = """
    import pickle, threading
    import numpy, wandb
    wandb.util._get_max_cli_version = lambda: None  # 0.18 asks its server, for a minute, when it logs a table offline
    run = wandb.init(config={"lr": 0.1, "net": {"width": 4}}, tags=["t"], group="g", job_type="j", name="n", notes="hi")
    assert type(run).__name__ == "Run" and isinstance(run, wandb.sdk.wandb_run.Run) and wandb.run is run
    assert b"mirror" not in pickle.dumps(run)
    for step in range(5):
        wandb.log({"loss": 1 / (step + 1), "nested": {"x": step}})
    wandb.log({"part": 1}, commit=False)
    wandb.log({"rest": 2})
    wandb.log({"far": 1}, step=50)
    wandb.log({"near": 1})
    wandb.log({"late": 1}, step=3)
    run.log({"after": float("nan")}, step=60, commit=True)
    wandb.config.update({"batch": 32})
    run.config["later"] = [1, 2]
    run.config.scalar = numpy.float32(3)
    run.summary["best"] = 3
    run.tags += ("new",)
    run.name = "renamed"
    run.log({"image": wandb.Image(numpy.zeros((8, 8, 3), dtype=numpy.uint8)), "bins": wandb.Histogram([1, 2, 3])})
    run.log({"table": wandb.Table(columns=["a", "b"], data=[[1, "x"]])})
    run.define_metric("acc", summary="max")
    for acc in (1, 3, 2):
        run.log({"acc": acc})
    threads = [threading.Thread(target=lambda: [run.log({"thread": 1}) for _ in range(20)]) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    print("printed")
    run.finish()
"""


@pytest.mark.parametrize("version", TESTED if ALL else [TESTED[0], TESTED[-1]])
def test_session(stage: Stage) -> None:
    """Rows, steps, config, summary, tags, name, media and tables in Pluto are those that wandb has recorded."""
    done = stage.run(SESSION)
    assert done.stderr.count("Pluto run") == 1 and done.stderr.count("Pluto took every row of the run") == 1
    rows = stage.recorded()
    for name in ("loss", "part", "rest", "far", "near", "acc", "thread"):
        assert stage.arrived(name) == {row["_step"]: row[name] for row in rows if name in row}, name
    assert stage.arrived("nested.x") == {step: step for step in range(5)}
    assert stage.arrived("late") == {} and list(stage.arrived("after")) == [60]
    run = stage.server.run(stage.project)
    assert run["status"] == "COMPLETED"
    assert sorted(run["tags"]) == ["group:g", "job_type:j", "new", "t"]
    config = run["config"]
    findings = {key: config[key] for key in ("lr", "net", "batch", "later", "scalar")}
    assert findings == {"lr": 0.1, "net": {"width": 4}, "batch": 32, "later": [1, 2], "scalar": 3.0}
    assert "_wandb" not in config and config["wandb"]["name"] == "renamed" and config["wandb"]["notes"] == "hi"
    summary = config["wandb"]["summary"]
    assert [summary["best"], summary["loss"], summary["acc"]] == [3, 0.2, {"max": 3}]
    kinds = {key["logName"]: key["logType"] for key in run["logNames"]}
    assert [kinds[key] for key in ("image", "bins", "table")] == ["IMAGE", "HISTOGRAM", "TABLE"]


@pytest.mark.parametrize(
    ("end", "code", "status"),
    [
        ("", 0, "COMPLETED"),
        ("run.finish(4)", 0, "FAILED"),
        ("import sys; sys.exit(3)", 3, "FAILED"),
        ("raise ValueError", 1, "FAILED"),
        ("raise KeyboardInterrupt", None, "TERMINATED"),
        ("with run: raise KeyboardInterrupt", None, "TERMINATED"),
    ],
)
def test_ends(stage: Stage, end: str, code: int | None, status: str) -> None:
    """A run ends in Pluto as the script does."""
    stage.run(f"import wandb\nrun = wandb.init()\nrun.log({{'a': 1}})\n{end}\n", code=code)
    assert stage.server.run(stage.project)["status"] == status
    assert stage.arrived("a") == {0: 1}


def test_several_runs(stage: Stage) -> None:
    """Runs one after the other, and two at a time, are separate runs in Pluto."""
    stage.run(
        """
        import wandb
        for number in range(2):
            with wandb.init(config={"number": number}) as run:
                run.log({"a": number})
        first, second = (wandb.init(config={"number": n}, reinit="create_new") for n in (2, 3))
        second.log({"a": 3})
        first.log({"a": 2})
        """
    )
    listed = stage.server.get("/api/runs/list", projectName=stage.project)["runs"]
    found = {}
    for one in listed:
        details = stage.server.get(f"/api/runs/details/{one['id']}", projectName=stage.project)
        (row,) = stage.server.metrics(stage.project, one["id"], "a")
        found[details["config"]["number"]] = row["value"]
    assert found == {0: 0, 1: 1, 2: 2, 3: 3}


def test_fork(stage: Stage) -> None:
    """What a forked child logs to its parent's run reaches Pluto, and the child does not end the run."""
    stage.run(
        """
        import multiprocessing, wandb
        run = wandb.init()
        run.log({"parent": 1})
        child = multiprocessing.get_context("fork").Process(target=lambda: run.log({"child": 1}))
        child.start()
        child.join()
        run.log({"parent": 2})
        """
    )
    assert list(stage.arrived("child").values()) == [1]
    assert list(stage.arrived("parent").values()) == [1, 2]
    assert stage.server.run(stage.project)["status"] == "COMPLETED"


ONE = """
    import wandb
    with wandb.init(id="one") as run:
        run.log({"a": 1})
        print("mirror", *(name for name in vars(run) if "compat" in name))
"""


@pytest.mark.parametrize("mode", [{"PLUTO_MODE": "offline"}, {"PLUTO_MODE": ""}])
def test_offline(stage: Stage, mode: dict[str, str]) -> None:
    """Offline, of Pluto or of wandb alone, keeps our side in the journal; `wandb-compat sync wandb` sends it."""
    stage.run(ONE, **mode)
    assert stage.server.get("/api/runs/list", projectName=stage.project)["runs"] == []
    stage.environment.run("-m", "wandb_compat", "sync", "wandb", cwd=stage.folder, **stage.variables)
    assert stage.arrived("a") == {0: 1}


@pytest.mark.parametrize("changes", [{"PLUTO_MODE": "disabled"}, {"PLUTO_API_KEY": ""}, {"WANDB_MODE": "disabled"}])
def test_not_mirrored(stage: Stage, changes: dict[str, str]) -> None:
    """Without a key, or disabled on either side, the run is left as it is and no folder of ours is made."""
    done = stage.run(ONE, **changes)
    assert done.stdout.splitlines()[0] == "mirror"
    assert not list(stage.folder.glob("wandb/*/pluto"))


WAITING = """
    import os, signal
    from wandb_compat.pipeline import pipeline
    from wandb_compat.dual import patch
    pipeline.FLUSH_INTERVAL = 60
    pipeline.QUEUE_LIMIT = patch.QUEUE_LIMIT = 5
    import wandb
    run = wandb.init()
    for step in range(100):
        run.log({"a": step, "b": 0.5})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_rows_do_not_pile_up(stage: Stage) -> None:
    """Rows that wait for a thread which does not come are taken by that of the script: a kill loses few."""
    stage.run(WAITING, code=None, PLUTO_MODE="offline")
    (file,) = stage.folder.glob("wandb/offline-run-*/pluto/run-*.wandb")
    steps = [json.loads(line.split(b" row ")[1])["step"] for line in file.read_bytes().splitlines() if b" row " in line]
    assert steps == list(range(len(steps))) and 100 - 2 * 6 <= len(steps) <= 100


FAULT = """
    import os
    from wandb_compat.pipeline import pipeline
    def broken(*args, **kwargs):
        raise BaseException("injected")
    if fault := os.environ.get("FAULT"):
        setattr(pipeline.Pipeline, fault, broken)
    import wandb
    with wandb.init(id="one", config={"lr": 1}) as run:
        returned = [run.log({"a": step, "text": "x"}) for step in range(3)]
        run.config["later"] = 1
        run.summary["best"] = 2
        run.tags = ["t"]
        print(returned, run.step, dict(run.config))
    raise SystemExit(3)
"""


@pytest.mark.parametrize(
    "fault", ["row", "finish"] if ROUNDS == 1 else ["__init__", "start", "row", "submit", "finish", "status"]
)
def test_isolation(stage: Stage, fault: str) -> None:
    """Whatever fails on Pluto's side, output, exit code and wandb's records are as without it, and one warning
    is printed."""
    alone = stage.run(FAULT, code=3, PLUTO_API_KEY="")
    rows = stage.recorded()
    stage.folder = stage.folder.with_name("faulty")
    behind = stage.run(FAULT, code=3, FAULT=fault)
    assert behind.stdout == alone.stdout
    assert stage.recorded() == rows and len(rows) == 3
    assert "Traceback" not in behind.stderr
    assert max([behind.stderr.count(line) for line in behind.stderr.splitlines() if "injected" in line]) == 1


def test_server_away(stage: Stage) -> None:
    """A server that is away stops nothing: the run ends as ever, one warning tells where its rows are."""
    away = {name: "http://127.0.0.1:9" for name in stage.variables if name.startswith("PLUTO_URL")}
    done = stage.run(ONE, **away)
    (line,) = [line for line in done.stderr.splitlines() if "not on the Pluto server yet" in line]
    assert json.dumps(1) in line and "wandb-compat sync" in line
    assert len(stage.recorded()) == 1

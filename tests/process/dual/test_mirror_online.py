"""Dual mode where the real wandb is online: several writers to one run, and a server of wandb's that is not there."""

import re
from collections.abc import Iterator

import pytest
import requests

from tests.helpers.fake_wandb_server import Hub
from tests.process.dual.conftest import Stage
from wandb_compat.dual.supported_versions import TESTED


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A server for the real wandb."""
    made = Hub()
    yield made
    made.close()


SHARED = """
    import json, os, subprocess, sys, urllib.request
    import wandb

    def settings(primary):
        return wandb.Settings(
            mode="shared", x_label=f"writer-{primary}", x_primary=primary, x_update_finish_state=primary, console="off"
        )

    def status(run):
        with open(os.path.join(run.settings.sync_dir, "pluto", "journal", "uploader.json")) as file:
            number = json.load(file)["run"]
        address = os.environ["PLUTO_URL_API"] + f"/api/runs/details/{number}?projectName={os.environ['PLUTO_PROJECT']}"
        key = {"Authorization": "Bearer " + os.environ["PLUTO_API_KEY"]}
        with urllib.request.urlopen(urllib.request.Request(address, headers=key)) as answer:
            return json.load(answer)["status"]

    if sys.argv[1:]:
        with wandb.init(id="both", settings=settings(False)) as run:
            for step in range(3):
                run.log({"second": step})
            run.config["later"] = 1
    else:
        run = wandb.init(id="both", config={"lr": 1}, settings=settings(True))
        run.log({"first": 0})
        # As one that was started elsewhere: it has a separate service.
        elsewhere = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
        print(subprocess.run([sys.executable, __file__, "second"], env=elsewhere).returncode, status(run))
        run.log({"first": 1})
        run.finish()
        print(status(run))
"""


def test_writers_of_a_shared_run(stage: Stage, hub: Hub) -> None:
    """What a second writer logs to a shared run reaches the one Pluto run, which only the first one ends."""
    done = stage.run(SHARED, WANDB_COMPAT_FINISH_BUDGET="60", **hub.environment())
    assert [line for line in done.stdout.splitlines() if "RUNNING" in line or "COMPLETED" in line] == [
        "0 RUNNING",
        "COMPLETED",
    ]
    assert hub.asked.count("UpsertBucket") >= 2
    assert stage.arrived("first") == {0: 0, 1: 1} and stage.arrived("second") == {0: 0, 1: 1, 2: 2}
    config = stage.server.run(stage.project)["config"]
    assert (config["lr"], config["later"]) == (1, 1)


NO_SERVER = """
    import wandb
    try:
        wandb.init(settings=wandb.Settings(init_timeout=1, x_graphql_retry_max=1))
    except Exception as error:
        print(type(error).__module__, type(error).__qualname__, error)
    print(wandb.run)
"""


def test_no_server_of_wandb(stage: Stage) -> None:
    """Where the real `init` raises because its server is away, it raises the same with us, and no run is mirrored."""
    away = {"WANDB_MODE": "online", "WANDB_API_KEY": "a" * 40}
    alone = stage.run(NO_SERVER, **{**away, "PLUTO_API_KEY": ""})
    stage.folder = stage.folder.with_name("mirrored")
    mirrored = stage.run(NO_SERVER, **away)
    findings = [re.sub(r"(?m)^.*Find logs at.*\n?", "", done.stdout) for done in (alone, mirrored)]
    assert findings[0] == findings[1] and "CommError" in findings[0]
    assert list(stage.folder.glob("wandb/run-*")) and not list(stage.folder.glob("wandb/*/pluto"))
    assert stage.server.get("/api/runs/list", projectName=stage.project)["runs"] == []


DELETED = """
    import time
    from pathlib import Path
    import numpy
    import wandb

    run = wandb.init(settings=wandb.Settings(console="off"))
    interface = getattr(run, "_interface", None) or run._backend.interface
    name = "deliver_artifact" if hasattr(interface, "deliver_artifact") else "communicate_artifact"
    deliver = getattr(interface, name)

    def slowly(run, artifact, *args, **kwargs):
        # On a slow machine, or with many files: wandb is done with the artifact before its own call is.
        handle = deliver(run, artifact, *args, **kwargs)
        # Not those of `new_file` in releases that leave them alone.
        paths = [Path(entry.local_path) for entry in artifact.manifest.entries.values()]
        staged = [path for path in paths if "staging" in path.parts]
        end = time.monotonic() + 30
        while any(path.exists() for path in staged) and time.monotonic() < end:
            time.sleep(0.01)
        print("left", sum(path.exists() for path in staged), "of", len(staged) > 0)
        return handle

    setattr(interface, name, slowly)
    Path("a.txt").write_text("first")
    artifact = wandb.Artifact("data", "dataset")
    artifact.add_file("a.txt")
    with artifact.new_file("b.txt") as file:
        file.write("second")
    run.log_artifact(artifact)
    run.log_artifact("a.txt", name="path", type="raw")
    run.log({"image": wandb.Image(numpy.zeros((4, 4, 3), dtype=numpy.uint8))})
    Path("saved.txt").write_text("third")
    run.save("saved.txt")
    run.finish()
"""


@pytest.mark.parametrize("version", [TESTED[0], TESTED[-1]])
def test_wandb_deletes_its_copies(stage: Stage, hub: Hub) -> None:
    """Files of artifacts reach Pluto also where wandb has uploaded and deleted its copies before it hands them on."""
    done = stage.run(DELETED, WANDB_COMPAT_FINISH_BUDGET="60", **hub.environment())
    assert [line for line in done.stdout.splitlines() if line.startswith("left")] == ["left 0 of True"] * 2, done.stderr
    run = stage.server.run(stage.project)
    listed = stage.server.get("/api/runs/files", projectName=stage.project, runId=run["id"])["files"]
    content = {file["logName"]: requests.get(file["url"], timeout=30).content for file in listed}
    findings = {name: content[f"artifacts/{name}"] for name in ("data/a.txt", "data/b.txt", "path/a.txt")}
    assert findings == {"data/a.txt": b"first", "data/b.txt": b"second", "path/a.txt": b"first"}
    assert "image" in content and content["save/saved.txt"] == b"third"
    assert not list(stage.folder.glob("wandb/run-*/pluto/journal/staged/*"))


AGENT = """
    import wandb
    from wandb.agents.pyagent import Agent

    Agent.HEARTBEAT_SLEEP_SECONDS = 0.1

    def train():
        with wandb.init() as run:
            run.log({"loss": 1 / run.config["lr"]})

    wandb.agent("s", function=train, project="p", entity="me", count=2)
"""


def test_agent_of_a_sweep(stage: Stage, hub: Hub) -> None:
    """Each trial that an agent of wandb's sweeps begins is a run in Pluto, with its configuration and its sweep."""
    for number, lr in enumerate((2, 4)):
        hub.trials.append({"type": "run", "run_id": f"trial{number}", "args": {"lr": {"value": lr}}})
    stage.run(AGENT, WANDB_COMPAT_FINISH_BUDGET="60", **hub.environment())
    listed = stage.server.get("/api/runs/list", projectName=stage.project)["runs"]
    found = {}
    for one in listed:
        run = stage.server.get(f"/api/runs/details/{one['id']}", projectName=stage.project)
        (row,) = stage.server.metrics(stage.project, one["id"], "loss")
        assert run["status"] == "COMPLETED" and "sweep:s" in run["tags"]
        found[run["config"]["lr"]] = row["value"]
    assert found == {2: 0.5, 4: 0.25}

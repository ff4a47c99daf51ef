"""Dual mode where the real wandb is online: several writers to one run, and a server of wandb's that is not there."""

import re
from collections.abc import Iterator

import pytest

from tests.dual.conftest import Stage
from tests.dual.hub import Hub


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
        with open(os.path.join(run.settings.sync_dir, "pluto", "journal", "courier.json")) as file:
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
        # As one that was started elsewhere: it has a service of its own.
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


NOBODY = """
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
    alone = stage.run(NOBODY, **{**away, "PLUTO_API_KEY": ""})
    stage.folder = stage.folder.with_name("mirrored")
    mirrored = stage.run(NOBODY, **away)
    told = [re.sub(r"(?m)^.*Find logs at.*\n?", "", done.stdout) for done in (alone, mirrored)]
    assert told[0] == told[1] and "CommError" in told[0]
    assert list(stage.folder.glob("wandb/run-*")) and not list(stage.folder.glob("wandb/*/pluto"))
    assert stage.server.get("/api/runs/list", projectName=stage.project)["runs"] == []

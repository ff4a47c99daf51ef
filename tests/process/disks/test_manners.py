"""Single manners of other systems' disks: coarse time stamps, decomposed names, no room or no answer for a while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.helpers.server_state import Server
from tests.process.disks.conftest import missing, mounted
from tests.process.disks.test_disks import done, start

SETTINGS = 'settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off")'
# The second content has the size of the first one, and is written within the same two seconds.
CHANGED_AT_ONCE = f"""
import time, wandb
run = wandb.init(id="abc", {SETTINGS})
time.sleep(2.1 - time.time() % 2)
for name, policy in (("live", "live"), ("end", "end")):
    open(name + ".txt", "w").write("one")
    run.save(name + ".txt", policy=policy)
assert time.time() % 2 < 1.9
for name in ("live", "end"):
    open(name + ".txt", "w").write("two")
run.finish()
"""
UNICODE = f"""
import unicodedata, wandb
run = wandb.init(id="abc", {SETTINGS})
for policy in ("now", "live", "end"):
    open("\\u00e9" + policy + ".txt", "w").write("x")
    run.save("\\u00e9" + policy + ".txt", policy=policy)
open(run.dir + "/\\u00e9unsaved.txt", "w").write("x")
artifact = wandb.Artifact("made", "dataset")
artifact.add_dir(".", name="folder")
run.log_artifact(artifact)
run.finish()
"""
TROUBLED = f"""
import os, sys, time, wandb
run = wandb.init(id="abc", {SETTINGS})
def log(first, last):
    for step in range(first, last):
        run.log({{"loss": step}})
    time.sleep(0.5)
log(0, 100)
open(sys.argv[1], "w").close()
log(100, 200)
os.unlink(sys.argv[1])
log(200, 300)
run.finish()
"""


@pytest.fixture
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk with the manners of the test's parameter."""
    if (reason := missing()) is not None:
        pytest.skip(reason)
    with mounted(tmp_path / "mounted", *request.param) as point:
        yield point


def files(server: Server, project: str) -> list[tuple[str, bytes]]:
    """Return key and content of the files of the only run, in the order of their arrival."""
    (run,) = server.get("/api/runs/list", projectName=project)["runs"]
    found = server.get("/api/runs/files", projectName=project, runId=run["id"])["files"]
    return [(one["logName"], requests.get(one["url"], timeout=60).content) for one in found]


@pytest.mark.parametrize("disk", [("no-links", "coarse-times"), ("coarse-times",)], indirect=True, ids=["fat", "links"])
def test_a_change_within_one_time_stamp_arrives(
    disk: Path, environment: dict[str, str], server: Server, project: str
) -> None:
    """A file of the same size and time is another one all the same; what did not change is not sent twice."""
    done(start(disk, {**environment, "WANDB_PROJECT": project}, "-c", CHANGED_AT_ONCE))
    found = files(server, project)
    assert [content for key, content in found if key == "save/end.txt"] == [b"two"]
    contents = [content for key, content in found if key == "save/live.txt"]
    assert contents.count(b"two") == 1 and len(contents) <= 2


@pytest.mark.parametrize("disk", [("decomposes",)], indirect=True)
def test_names_that_a_disk_decomposes_arrive_once(
    disk: Path, environment: dict[str, str], server: Server, project: str
) -> None:
    """Saved files have the names that they were saved with, and none comes a second time under the listed one."""
    done(start(disk, {**environment, "WANDB_PROJECT": project}, "-c", UNICODE))
    keys = sorted(key for key, _ in files(server, project) if key.startswith("save/"))
    assert [key for key in keys if "unsaved" not in key] == [f"save/é{name}.txt" for name in ("end", "live", "now")]
    assert len(keys) == 4


@pytest.mark.parametrize("disk", [("full",), ("quota",), ("failing",)], indirect=True, ids=["full", "quota", "failing"])
def test_a_disk_in_trouble_for_a_while_costs_nothing(
    disk: Path, environment: dict[str, str], server: Server, project: str, request: pytest.FixtureRequest
) -> None:
    """Without room, over its quota, or while it answers nothing: rows wait in memory, and all arrive in order."""
    sign = f"{disk.parent / 'files'}.{request.node.callspec.id}"
    output = done(start(disk, {**environment, "WANDB_PROJECT": project}, "-c", TROUBLED, sign))
    (run,) = server.get("/api/runs/list", projectName=project)["runs"]
    assert [row["value"] for row in server.metrics(project, run["id"], "loss")] == list(range(300))
    assert run["status"] == "COMPLETED"
    assert output.count("WARNING") <= 2 and "lost" not in output, output

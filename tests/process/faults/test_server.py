"""What can go wrong with the server in pluto mode: afterwards it has every row once, in order, with its value."""

from __future__ import annotations

import itertools
import time

import pytest

from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Server
from tests.helpers.training import COMPRESSED, Train, all_there
from tests.process.faults.conftest import ROUNDS

MORE = ["206", "403", "404", "half", "garbage", "page", "redirect"] if ROUNDS > 1 else []


def test_away_at_start(train: Train, proxy: FaultProxy, server: Server, project: str) -> None:
    """No server listens until a quarter of the rows is logged."""
    proxy.shut()
    training = train()
    training.wait_for_output("pause")
    deadline = time.monotonic() + 30
    while "cannot be reached" not in training.errors.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    proxy.open()
    output = training.end()
    assert "Pluto took every row of the run" in output
    all_there(server, project)


@pytest.mark.parametrize("fault", ["500", "401", "huge", "lose", "list", "hang", *MORE])
def test_trouble_in_the_middle(train: Train, proxy: FaultProxy, server: Server, project: str, fault: str) -> None:
    """From a quarter to half of the rows every request has a fault; what it broke is sent again."""
    training = train()
    training.wait_for_output("pause")
    proxy.fault = fault
    training.go()
    training.wait_for_output("pause")
    proxy.hit(1 if fault == "hang" else 2)
    proxy.fault = None
    assert "that it refused" not in training.end()
    assert not [call for call in proxy.calls if call.path.startswith("/elsewhere")]
    all_there(server, project)


@pytest.mark.parametrize("fault", ["500", "lose", "hang", *MORE])
def test_trouble_at_the_start(train: Train, proxy: FaultProxy, server: Server, project: str, fault: str) -> None:
    """The run itself cannot be made at first; there is one in the end, and not two."""
    proxy.fault = fault
    training = train()
    training.wait_for_output("pause")
    proxy.hit(1 if fault == "hang" else 2)
    proxy.fault = None
    training.end()
    all_there(server, project)


EVERYTHING = """
import sys, threading, time, wandb
import numpy
run = wandb.init(id="abc", config={"first": 1}, settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True))
print("pause", flush=True)
go_on = threading.Event()
threading.Thread(target=lambda: (input(), go_on.set()), daemon=True).start()
step = 0
while not go_on.is_set():
    run.log({"loss": step / 7, "word": str(step), f"key/{step % 900}": step})
    run.config[f"key{step}"] = step
    run.tags = [f"tag{step}"]
    print("line", step)
    run.log({"image": wandb.Image(numpy.full((2, 2, 3), step % 256, dtype=numpy.uint8))}, step=step)
    time.sleep(0.1)
    step += 1
run.finish()
print("steps", step)
"""
ENDPOINTS = [
    "logName/add",
    "config/update",
    "tags/update",
    "metrics",
    "ingest/data",
    "logs",
    "files",
    "blob",
    "trigger",
]
FAULTS = [
    "500",
    "401",
    "403",
    "404",
    "429",
    "413",
    "422",
    "lose",
    "half",
    "garbage",
    "page",
    "list",
    "206",
    "redirect",
    "hang",
]


def test_every_fault_at_every_endpoint(train: Train, proxy: FaultProxy, server: Server, project: str) -> None:
    """One run lives through faults at each endpoint, one after the other: with more rounds through all of them."""
    training = train(EVERYTHING, PYTHONPATH=COMPRESSED, WANDB_COMPAT_HEARTBEAT="0.1")
    training.wait_for_output("pause")
    cases = list(itertools.product(ENDPOINTS, FAULTS))
    for where, fault in cases if ROUNDS > 1 else cases[:: len(FAULTS) // 3]:
        if fault in ("413", "422") and where not in ("metrics", "ingest/data"):
            continue  # there it means what it says: this can never be taken
        proxy.where, proxy.fault = where, fault
        proxy.hit(proxy.met(fault) + 1)
        proxy.fault = None
    out, _ = training.process.communicate("\n", timeout=90)
    steps = int(out.rsplit("steps ", 1)[1])
    run = server.ended(project)
    assert run["status"] == "COMPLETED"
    account = (training.home / "journal/uploader.json").read_text()
    assert '"refused": 0' in account, account
    assert [row["value"] for row in server.metrics(project, run["id"], "loss")] == [step / 7 for step in range(steps)]
    words = server.get("/api/embedded/data", projectName=project, runId=run["id"], logName="word", limit=10000)["data"]
    assert [word["data"] for word in words] == [str(step) for step in range(steps)]
    keys = {key["logName"] for key in run["logNames"]}
    assert keys >= {f"key/{step}" for step in range(min(steps, 900))}
    assert {run["config"][f"key{step}"] for step in range(steps)} == set(range(steps))
    assert run["tags"] == [f"tag{steps - 1}"]
    lines = server.get("/api/runs/logs", projectName=project, runId=run["id"], limit=10000)["logs"]
    assert [line["message"] for line in lines if "line" in line["message"]] == [f"line {step}" for step in range(steps)]
    files = server.get("/api/runs/files", projectName=project, runId=run["id"], logName="image")["files"]
    assert [file["step"] for file in files] == list(range(steps))


@pytest.mark.parametrize("status", ["413", "422"])
def test_only_small_or_good_batches(train: Train, proxy: FaultProxy, server: Server, project: str, status: str) -> None:
    """413 to large batches: they go in parts. 422 to all, as when a database is down: they go when that is over."""
    proxy.where = "ingest/"
    if status == "413":
        proxy.picky = lambda body: len(body) > 2000
    training = train()
    training.wait_for_output("pause")
    proxy.fault = status
    training.go()
    training.wait_for_output("pause")
    proxy.hit(3)
    if status == "422":
        proxy.fault = None
    assert "refused" not in training.end()
    all_there(server, project)

"""Uploads that are refused, disks that are full, and the bounds of memory and disk while a server is away."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import time
from pathlib import Path

import numpy
import PIL.Image
import psutil
import pytest
import requests

from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Server
from tests.helpers.training import Train, all_there, sync
from tests.process.faults.conftest import ROUNDS
from wandb_compat.config.limits import QUEUE_LIMIT
from wandb_compat.server.limits import Limits
from wandb_compat.server.serve import running
from wandb_compat.spool import journal

IMAGES = """
import numpy, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
for step in range(12):
    run.log({"image": wandb.Image(numpy.full((4, 4, 3), step, dtype=numpy.uint8)), "loss": step})
print("pause", flush=True)
input()
run.finish()
"""


def images_there(server: Server, project: str) -> None:
    """Assert that each image is on the server once, with its bytes."""
    run = server.ended(project)
    files = server.get("/api/runs/files", projectName=project, runId=run["id"], logName="image")["files"]
    assert [file["step"] for file in files] == list(range(12))
    for step, file in enumerate(files):
        content = requests.get(file["url"], timeout=10).content
        assert numpy.array(PIL.Image.open(io.BytesIO(content))).tolist() == [[[step] * 3] * 4] * 4


@pytest.mark.parametrize("fault", ["403", "500", "206", "lose", "half", "list", "page"])
def test_upload_refused(train: Train, proxy: FaultProxy, server: Server, project: str, fault: str) -> None:
    """A place to upload to that says no, or whose yes is lost: it goes to a fresh URL, and each file is there once."""
    proxy.where, proxy.fault = "/blob/", fault
    training = train(IMAGES)
    training.wait_for_output("pause")
    proxy.hit(2)
    proxy.fault = None
    training.end()
    images_there(server, project)


def test_upload_url_expires(train: Train, project: str, tmp_path: Path) -> None:
    """An upload that begins after its URL has expired is refused by the real server, and is sent to a fresh one."""
    with running(tmp_path / "expiring", limits=Limits(upload_url=3.0)) as own:
        proxy = FaultProxy(own.url)
        proxy.where, proxy.fault, proxy.delay = "/blob/", "late", 5.0
        training = train(IMAGES, **{**own.environment(), **proxy.environment()})
        training.wait_for_output("pause")
        proxy.hit(1)
        proxy.fault = None
        training.end()
        proxy.shut()
        images_there(Server(own.url, own.key), project)
        assert sum(call.path == "/files" for call in proxy.calls) > 2


def test_server_disk_full(train: Train, project: str, tmp_path: Path) -> None:
    """The server's disk takes no byte more for a while: it says so, and has everything once it can."""
    with running(tmp_path / "full") as own:
        proxy = FaultProxy(own.url)
        training = train(**{**own.environment(), **proxy.environment()})
        training.wait_for_output("pause")
        proxy.passed("ingest/metrics")
        process = psutil.Process(own._process.pid)
        room, most = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (1, most))
        training.go()
        training.wait_for_output("pause")
        deadline = time.monotonic() + 30
        while "cannot store" not in training.errors.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.rlimit(psutil.RLIMIT_FSIZE, (room, most))
        training.end()
        proxy.shut()
        all_there(Server(own.url, own.key), project)


PENDING = 50_000 if ROUNDS == 1 else 2_000_000
FLOOD = f"""
import psutil, time, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
run.log({{"loss": 0.0, "other": 0}})
time.sleep(1)
own = psutil.Process()
before, most = own.memory_info().rss, 0
for step in range(1, {PENDING}):
    run.log({{"loss": step / 7, "other": step}})
    if step % 1000 == 0:
        most = max(most, own.memory_info().rss)
print("grown", (most - before) // 1024**2, flush=True)
print("pause", flush=True)
input()
run.finish()
"""
TRAINER_BOUND, UPLOADER_BOUND = 32, 128  # MiB; see docs/reliability.md


@pytest.mark.skipif(sys.platform == "win32", reason="counts memory as Linux does")
def test_memory_while_away(train: Train, proxy: FaultProxy, server: Server, project: str) -> None:
    """While rows pile up neither the trainer nor the uploader grows beyond its bound: they wait on disk."""
    proxy.shut()
    training = train(FLOOD, WANDB_COMPAT_FINISH_BUDGET="600")
    assert training.process.stdout is not None
    grown = int(training.process.stdout.readline().split()[1])
    training.wait_for_output("pause")
    uploader = psutil.Process(json.loads((training.home / "journal/uploader.json").read_text())["pid"])
    most = uploader.memory_info().rss
    proxy.open()
    training.go()
    while training.process.poll() is None:
        with contextlib.suppress(psutil.Error):
            most = max(most, uploader.memory_info().rss)
        time.sleep(0.05)
    training.end(600)
    run = server.ended(project, 600)
    for name in ("loss", "other"):
        (findings,) = server.get("/api/runs/statistics", projectName=project, runId=run["id"], logName=name)["metrics"]
        assert findings["count"] == PENDING and findings["last"] == {"step": PENDING - 1, "value": findings["max"]}
    rows = server.metrics(project, run["id"], "loss")  # thinned out by the server
    assert all(row["value"] == row["step"] / 7 for row in rows) and len(rows) >= 1000
    print(f"trainer grew by {grown} MiB, uploader was {most // 1024**2} MiB")
    assert grown <= TRAINER_BOUND and most <= UPLOADER_BOUND * 1024**2


def test_disk_use_is_bounded(
    train: Train, proxy: FaultProxy, server: Server, project: str, environment: dict[str, str]
) -> None:
    """At WANDB_COMPAT_JOURNAL_LIMIT new rows are refused with a warning and counted; those before arrive, whole."""
    proxy.shut()
    training = train(
        FLOOD.replace(f"range(1, {PENDING})", "range(1, 50_000)"),
        WANDB_COMPAT_JOURNAL_LIMIT=str(1024**2),
        WANDB_COMPAT_SEGMENT_SIZE="65536",
    )
    training.wait_for_output("pause")
    held = sum(path.stat().st_size for path in journal.files(training.home))
    assert 1024**2 <= held <= 1024**2 + 65536 + QUEUE_LIMIT * 100  # one file more, and what was written at once
    output = training.end()
    assert "what is logged now is lost" in output
    lost = int(re.search(r"(\d+) records could not be written", output)[1])
    proxy.open()
    sync(training, environment)
    run = server.ended(project)
    (findings,) = server.get("/api/runs/statistics", projectName=project, runId=run["id"], logName="loss")["metrics"]
    assert 0 < findings["count"] < 50_000 and findings["last"]["step"] == findings["count"] - 1
    assert findings["count"] + lost >= 50_000

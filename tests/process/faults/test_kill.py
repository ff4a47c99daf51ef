"""However the training process dies, what it has logged arrives once and in order, and the run ends as it should."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.helpers import warm_python
from tests.helpers.server_state import Server
from tests.process.faults.conftest import ROUNDS

KILLS = 4 if ROUNDS == 1 else 100
# The script tells of each row when `log` has returned, so that the test knows which are older than 100 ms.
STORM = """
import os, struct, sys, time, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
findings = os.open("rows_written", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
step = 0
while True:
    run.log({"loss": step / 7, "word": str(step)})
    os.write(findings, struct.pack("d", time.monotonic()))
    step += 1
    time.sleep(0.0005)
"""


def start(text: str, folder: Path, environment: dict[str, str], **how: Any) -> subprocess.Popen[str]:
    """Start a script in a separate folder."""
    folder.mkdir()
    (folder / "train.py").write_text(text)
    return subprocess.Popen(
        [sys.executable, "train.py"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


def rows_told(folder: Path, before: float) -> tuple[int, int]:
    """Return how many rows a storm has written, and how many of them before a moment of `time.monotonic`."""
    import struct

    content = (folder / "rows_written").read_bytes()
    times = [moment for (moment,) in struct.iter_unpack("d", content[: len(content) // 8 * 8])]
    return len(times), sum(moment < before for moment in times)


def check_storm(server: Server, project: str, folder: Path, killed: float, status: str) -> None:
    """The server has every row that is older than 100 ms, each once, in order, with its value, and nothing invented."""
    run = server.ended(project)
    assert run["status"] == status
    findings, old = rows_told(folder, killed - 0.1)
    rows = server.metrics(project, run["id"], "loss")
    assert [(row["step"], row["value"]) for row in rows] == [(step, step / 7) for step in range(len(rows))]
    assert old <= len(rows) <= findings + 1
    words = server.get("/api/embedded/data", projectName=project, runId=run["id"], logName="word", limit=10000)["data"]
    assert [(word["step"], word["data"]) for word in words] == [(step, str(step)) for step in range(len(words))]
    assert old <= len(words) <= findings + 1


def test_sigkill_at_random_moments(server: Server, project: str, environment: dict[str, str], tmp_path: Path) -> None:
    """Everything older than 100 ms arrives, and the run ends FAILED within seconds without anybody doing anything."""
    chance = random.Random(7)
    seen = 0
    for number in range(KILLS):
        folder, own = tmp_path / f"kill{number}", f"{project}-{number}"
        process = start(STORM, folder, {**environment, "WANDB_PROJECT": own})
        while not (folder / "rows_written").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 2.5))
        killed = time.monotonic()
        process.kill()
        process.communicate()
        check_storm(server, own, folder, killed, "FAILED")
        assert time.monotonic() - killed < 60
        seen += rows_told(folder, killed)[0]
    assert seen > 100 * KILLS


def test_killed_right_after_init(server: Server, project: str, environment: dict[str, str], tmp_path: Path) -> None:
    """When `init` has returned, the uploader is there and has the key: it delivers a run that was killed at once."""
    for number in range(2 * ROUNDS):
        own = f"{project}-{number}"
        text = "import os, signal, wandb\nwandb.init(id='abc', config={'lr': 1})\nos.kill(os.getpid(), signal.SIGKILL)"
        process = start(text, tmp_path / f"kill{number}", {**environment, "WANDB_PROJECT": own})
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL
        run = server.ended(own, 60)
        assert (run["status"], run["config"]["lr"]) == ("FAILED", 1)


@pytest.mark.parametrize("how", ["group", "both"])
def test_a_group_is_killed(server: Server, project: str, environment: dict[str, str], tmp_path: Path, how: str) -> None:
    """The uploader survives a kill of the trainer's process group; killed with it, `sync` brings what is left."""
    folder = tmp_path / "work"
    process = start(STORM, folder, environment, start_new_session=True)
    deadline = time.monotonic() + 60
    while not server.get("/api/runs/list", projectName=project)["runs"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)
    killed = time.monotonic()
    if how == "both":
        victims = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
        assert len(victims) == 2
        for victim in victims:
            victim.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    if how == "both":
        assert server.run(project)["status"] == "RUNNING"
        command = [sys.executable, "-m", "wandb_compat", "sync"]
        warm_python.run(command, cwd=folder, env=environment, check=True, timeout=120)
    check_storm(server, project, folder, killed, "FAILED")


ENDINGS = {
    "sigterm": ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, "TERMINATED"),
    "own handler": (
        "signal.signal(signal.SIGTERM, lambda *_: (print('mine', flush=True), sys.exit(143)))\n"
        "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)",
        143,
        "TERMINATED",
    ),
    "own handler that asks for the one before": (
        "def mine(*about):\n    print('mine', flush=True)\n    before(*about)\n    sys.exit(143)\n"
        "before = signal.signal(signal.SIGTERM, mine)\nos.kill(os.getpid(), signal.SIGTERM); time.sleep(60)",
        143,
        "TERMINATED",
    ),
    "in a child": (
        "child = os.fork()\nif not child: time.sleep(60)\ntime.sleep(0.2)\nos.kill(child, signal.SIGTERM)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -15",
        0,
        "COMPLETED",
    ),
    "exception": ("raise ValueError('x')", 1, "FAILED"),
    "exit": ("sys.exit(1)", 1, "FAILED"),
    "ctrl-c": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(60)", -signal.SIGINT, "TERMINATED"),
    "_exit": ("time.sleep(0.2); os._exit(0)", 0, "FAILED"),
    "crash": ("time.sleep(0.2); faulthandler._sigsegv()", -signal.SIGSEGV, "FAILED"),
    "abort": ("time.sleep(0.2); os.abort()", -signal.SIGABRT, "FAILED"),
}


def test_every_ending_has_its_state(server: Server, project: str, environment: dict[str, str], tmp_path: Path) -> None:
    """Signals, exceptions, exits and crashes: all rows arrive, the state fits, the process ends as it would alone."""
    text = "import faulthandler, os, signal, sys, time, wandb\nrun = wandb.init(id='abc')\n"
    text += "for step in range(50): run.log({'loss': step})\n"
    for number, (name, (ending, code, status)) in enumerate(ENDINGS.items()):
        folder, own = tmp_path / f"end{number}", f"{project}-{number}"
        process = start(text + ending, folder, {**environment, "WANDB_PROJECT": own})
        output, errors = process.communicate(timeout=120)
        assert process.returncode == code, (name, errors)
        assert output.count("mine") == name.startswith("own")
        run = server.ended(own, 60)
        assert (name, run["status"]) == (name, status)
        assert [row["value"] for row in server.metrics(own, run["id"], "loss")] == list(range(50)), name


def test_sigterm_in_the_middle_of_a_storm(
    server: Server, project: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """Not even the last row is lost, wherever the signal meets the script, and the run is TERMINATED."""
    for number in range(2 * ROUNDS):
        folder, own = tmp_path / f"term{number}", f"{project}-{number}"
        process = start(STORM.replace("0.0005", "0.00005"), folder, {**environment, "WANDB_PROJECT": own})
        while not (folder / "rows_written").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        time.sleep(0.1 + number / 10)
        process.terminate()
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGTERM
        run = server.ended(own, 60)
        assert run["status"] == "TERMINATED"
        findings, _ = rows_told(folder, 0)
        (loss,) = server.get("/api/runs/statistics", projectName=own, runId=run["id"], logName="loss")["metrics"]
        assert findings <= loss["count"] <= findings + 1

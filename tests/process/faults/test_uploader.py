"""The uploader may die at any moment, alone or with the trainer: what is left arrives once, in order."""

from __future__ import annotations

import json
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.helpers import warm_python
from tests.helpers.environments import HELPERS
from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Script, Server
from tests.process.faults.conftest import ROUNDS
from tests.process.faults.test_kill import start
from wandb_compat.spool.status import State
from wandb_compat.uploader import recovery

KILLS = 4 if ROUNDS == 1 else 50
LOOP = f"""
import time, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
step = 0
while not __import__("os").path.exists("enough"):
    run.log({{"loss": step / 7, "word": str(step)}})
    step += 1
    time.sleep({0.002 if ROUNDS == 1 else 0.02})  # fewer rows than the server shows at once
run.finish()
print(step)
"""
DIE = """
import json, os, signal, time, wandb
from wandb_compat.pipeline import worker_process as launch
launch.RESTART_PAUSE = launch.RESTART_PAUSE_LIMIT = 1000  # no other uploader follows the one that is killed
run = wandb.init(id={id!r}, settings=wandb.Settings(x_disable_meta=True, console="off"))
for step in range(500):
    run.log({{"loss": step / 7}})
account = "wandb/latest-run/journal/uploader.json"
while not os.path.exists(account) or json.load(open(account))["run"] is None:
    time.sleep(0.02)
os.kill(json.load(open(account))["pid"], signal.SIGKILL)
for step in range(500, 1000):
    run.log({{"loss": step / 7}})
time.sleep(0.2)
os.kill(os.getpid(), signal.SIGKILL)
"""
EXPECTED = [(step, step / 7) for step in range(1000)]


def rows(server: Server, project: str, run: int) -> list[tuple[int, float]]:
    """Return step and value of every row of the loss."""
    return [(row["step"], row["value"]) for row in server.metrics(project, run, "loss")]


def runs(server: Server, project: str) -> dict[str, dict[str, object]]:
    """Return the project's runs by wandb's id."""
    listed = server.get("/api/runs/list", projectName=project)["runs"]
    found = [server.get(f"/api/runs/details/{one['id']}", projectName=project) for one in listed]
    return {run["systemMetadata"]["wandb_run_id"]: run for run in found}


def test_uploaders_killed_at_random_moments(
    server: Server, project: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """Each is followed by another that goes on where the server's last answer was: no row lost, no metric doubled."""
    folder, chance, killed = tmp_path / "work", random.Random(5), 0
    process = start(LOOP, folder, {**environment, "PYTHONPATH": str(HELPERS / "startup" / "quick_restart")})
    deadline = time.monotonic() + 60 + 20 * KILLS
    dead: set[int] = set()
    while killed < KILLS:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        state = State.read(folder / "wandb" / "latest-run")
        if state is None or state.pid in dead or not psutil.pid_exists(state.pid):
            time.sleep(0.01)
            continue
        time.sleep(chance.uniform(0, 0.6))
        dead.add(state.pid)
        psutil.Process(state.pid).send_signal(signal.SIGKILL)
        killed += 1
    (folder / "enough").touch()
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    count = int(output)
    run = server.ended(project)
    assert run["status"] == "COMPLETED"
    kept = server.get("/api/runs/metrics", projectName=project, runId=run["id"], logName="loss", limit=10_000)
    assert 20 * KILLS < count < 10_000
    assert [(row["step"], row["value"]) for row in kept["metrics"]] == [(n, n / 7) for n in range(count)]
    words = server.get("/api/embedded/data", projectName=project, runId=run["id"], logName="word", limit=10_000)["data"]
    assert {int(word["data"]) for word in words} == set(range(count))


@pytest.mark.parametrize("wanted", [True, False])
def test_the_next_run_delivers_what_dead_ones_left(
    script: Script, server: Server, project: str, tmp_path: Path, wanted: bool
) -> None:
    """Trainer and uploader dead together: the next run in the folder sends their rows and says so, if allowed to."""
    script(DIE.format(id="one"), code=-signal.SIGKILL, WANDB_COMPAT_ADOPT="false")
    script(DIE.format(id="two"), code=-signal.SIGKILL, WANDB_COMPAT_ADOPT="false")
    script("import wandb; wandb.init(id='offline', mode='offline').finish()")
    text = "import time, wandb\nrun = wandb.init(id='three')\nrun.log({'loss': 1})\ntime.sleep(2)\nrun.finish()"
    done = script(text, WANDB_COMPAT_ADOPT=str(wanted).lower())
    assert done.stderr.count("unsent rows of 2 interrupted runs (one, two) in the background") == wanted
    deadline = time.monotonic() + (60 if wanted else 2)
    while time.monotonic() < deadline:
        found = runs(server, project)
        if all(run["status"] != "RUNNING" for run in found.values()):
            break
        time.sleep(0.2)
    assert found.keys() == {"one", "two", "three"}
    assert found["three"]["status"] == "COMPLETED"
    for name in ("one", "two"):
        assert found[name]["status"] == ("FAILED" if wanted else "RUNNING")
        assert (rows(server, project, found[name]["id"]) == EXPECTED) == wanted


def test_killed_before_its_uploader_could_start(script: Script, server: Server, project: str) -> None:
    """Killed in the moment between its first record and its uploader: the next run beside it delivers it."""
    text = "import os, signal, wandb\nfrom wandb_compat.pipeline import worker_process as launch\n"
    text += "launch.UploaderProcess._start = lambda self: os.kill(os.getpid(), signal.SIGKILL)\nwandb.init(id='one')"
    script(text, code=-signal.SIGKILL)
    done = script("import time, wandb\nwith wandb.init(id='two'): time.sleep(2)")
    assert "Uploading 0 unsent rows of interrupted run one in the background" in done.stderr
    deadline = time.monotonic() + 60
    while sorted(run["status"] for run in runs(server, project).values()) != ["COMPLETED", "FAILED"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_next_part_of_a_run_comes_after_what_was_left(script: Script, server: Server, project: str) -> None:
    """The same id again after both have died: the earlier rows arrive first, later ones win, the run ends well."""
    script(DIE.format(id="abc"), code=-signal.SIGKILL)
    text = "import wandb\nwith wandb.init(id='abc', resume='allow') as run:\n    run.log({'loss': run.step / 7})"
    script(text)
    run = server.run(project)
    assert rows(server, project, run["id"]) == [*EXPECTED, (1000, 1000 / 7)]
    assert run["status"] == "COMPLETED"


def test_a_run_of_another_machine_is_only_taken_after_silence(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of another machine cannot be checked: its run counts as interrupted only after long silence."""
    script(DIE.format(id="one"), code=-signal.SIGKILL)
    here = tmp_path / "work" / "wandb" / "run-29990101_000000-new"
    assert [run.start.id for run in recovery.find_interrupted(here)] == ["one"]
    monkeypatch.setattr(socket, "gethostname", lambda: "another-machine")
    assert recovery.find_interrupted(here) == []
    monkeypatch.setattr(recovery, "DEAD_AFTER", 0.0)
    assert [run.start.id for run in recovery.find_interrupted(here)] == ["one"]


def test_a_copied_folder_is_finished_elsewhere(
    script: Script, server: Server, project: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """A machine that is gone: `sync` on the copy sends the rest, cut off it goes on, and twice is harmless."""
    script(DIE.format(id="abc"), code=-signal.SIGKILL)
    copy = shutil.copytree(tmp_path / "work" / "wandb", tmp_path / "copy" / "wandb", symlinks=True)
    command = [sys.executable, "-m", "wandb_compat", "sync"]
    small = {**environment, "WANDB_COMPAT_BATCH_SIZE": "1024"}
    first = subprocess.Popen(command, cwd=copy.parent, env=small, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    (account,) = copy.glob("run-*/journal/uploader.json")
    before = json.loads(account.read_text())["pid"]
    deadline = time.monotonic() + 60
    while first.poll() is None and (state := State.read(account.parent.parent)) and time.monotonic() < deadline:
        if state.pid != before and state.sent > 50:
            break
        time.sleep(0.005)
    first.kill()
    first.communicate()
    for text in ("everything is on the server", "on the server already"):
        done = warm_python.run(command, cwd=copy.parent, env=environment, timeout=120)
        assert done.returncode == 0, done.stderr
        assert text in done.stdout or "on the server already" in done.stdout
        run = server.run(project)
        assert (run["status"], rows(server, project, run["id"])) == ("FAILED", EXPECTED)


def test_refused_records_are_told_again(
    script: Script, server: Server, project: str, environment: dict[str, str], tmp_path: Path, proxy: FaultProxy
) -> None:
    """What the server will not have is counted once, and each later `sync` tells how many and why, and ends with 1."""
    script(
        "import wandb\nwith wandb.init(mode='offline') as run:\n    for n in range(50): run.log({'loss': n, str(n): n})"
    )
    proxy.fault, proxy.where = "422", "/ingest/metrics"
    proxy.picky = lambda body: b'"loss":7' in body or b'"loss":33' in body
    command = [sys.executable, "-m", "wandb_compat", "sync"]
    for number in range(2):
        done = warm_python.run(command, cwd=tmp_path / "work", env={**environment, **proxy.environment()}, timeout=120)
        assert done.returncode == 1
        assert ("on the server already" in done.stdout) == (number == 1)
        assert "except 2 records that it refused: " in done.stdout and "injected" in done.stdout
    run = server.run(project)
    kept = [row["step"] for row in server.metrics(project, run["id"], "loss")]
    assert kept == [step for step in range(50) if step not in (7, 33)]

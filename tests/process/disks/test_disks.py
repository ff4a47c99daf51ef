"""Runs arrive whole from disks with the manners of other systems: without locks, links, modes, or with odd names."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.helpers.server_state import Server

ROWS = 50
# One run that is killed in the middle, its next one, two at once with files and an artifact, and one offline.
KILLED = f"""
import os, signal, wandb
run = wandb.init(id="killed", settings=wandb.Settings(console="off"))
for step in range({ROWS}): run.log({{"loss": step}})
open("killed.txt", "w").write("x")
run.save("killed.txt", policy="now")
import time; time.sleep(0.5)
os.kill(os.getpid(), signal.SIGKILL)
"""
RUN = f"""
import sys, wandb, numpy
run = wandb.init(id=sys.argv[1], resume=sys.argv[2] if len(sys.argv) > 2 else None)
for step in range({ROWS}): run.log({{"loss": step}})
run.log({{"image": wandb.Image(numpy.zeros((8, 8, 3), "uint8"))}})
open(sys.argv[1] + ".txt", "w").write("x")
run.save(sys.argv[1] + ".txt", policy="end")
artifact = wandb.Artifact("made", "dataset")
with artifact.new_file("inside.txt") as file: file.write("content")
run.log_artifact(artifact)
run.finish()
"""


def start(disk: Path, environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    """Start Python on the disk."""
    return subprocess.Popen(
        [sys.executable, *words], cwd=disk, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def done(process: subprocess.Popen[str]) -> str:
    """Wait for a process, which must succeed, and return what it printed."""
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors, errors
    return output + errors


def test_runs(disk: Path, environment: dict[str, str], server: Server, project: str) -> None:
    """A complete run, two at once, kill and recovery, resuming, offline and `sync`: every row and file once."""
    own = {**environment, "WANDB_PROJECT": project}
    killed = start(disk, own, "-c", KILLED)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    both = [start(disk, own, "-c", RUN, name) for name in ("one", "two")]
    for process in both:
        assert "Pluto took every row of the run" in done(process)
    done(start(disk, own, "-c", RUN, "one", "must"))
    done(start(disk, {**own, "WANDB_MODE": "offline"}, "-c", RUN, "offline"))
    synced = done(start(disk, own, "-m", "wandb_compat", "sync", "wandb"))
    assert "cannot be sent" not in synced
    numbers = [run["id"] for run in server.get("/api/runs/list", projectName=project)["runs"]]
    runs = {server.get(f"/api/runs/details/{number}", projectName=project)["externalId"]: number for number in numbers}
    assert set(runs) == {"killed", "one", "two", "offline"}
    for name, number in runs.items():
        rows = server.metrics(project, number, "loss")
        expected = list(range(ROWS)) * (2 if name == "one" else 1)
        assert [row["value"] for row in rows] == expected, name
        files = {file["logName"] for file in server.get("/api/runs/files", projectName=project, runId=number)["files"]}
        assert f"save/{name}.txt" in files
    again = done(start(disk, own, "-m", "wandb_compat", "sync", "wandb"))
    assert "sent" not in again.replace("not sent", ""), again


def test_uploaders_are_kept_apart(disk: Path, environment: dict[str, str], project: str) -> None:
    """While one process holds a run directory, `sync` says so and sends nothing; afterwards it delivers."""
    own = {**environment, "WANDB_PROJECT": project}
    done(start(disk, {**own, "WANDB_MODE": "offline"}, "-c", RUN, "one"))
    (run_dir,) = (disk / "wandb").glob("offline-run-*")
    holder = (
        "import pathlib, sys\nfrom wandb_compat.spool.status import State\n"
        "from wandb_compat.system.locks import FileLock\n"
        "with FileLock(State.lock(pathlib.Path(sys.argv[1]))): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(run_dir)],
        cwd=disk, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        refused = start(disk, own, "-m", "wandb_compat", "sync", str(run_dir))
        assert "another uploader is delivering" in "".join(refused.communicate(timeout=60))
        process.kill()
    done(start(disk, own, "-m", "wandb_compat", "sync", str(run_dir)))
    status = json.loads((run_dir / "journal" / "uploader.json").read_bytes())
    assert status["phase"] == "done" and status["sent"] >= ROWS


def test_embedded_server(disk: Path, environment: dict[str, str]) -> None:
    """Its data directory may be on the disk, where it is found, or it says what the disk lacks."""
    data = disk / "data"
    script = (
        "import sys, pathlib\nfrom wandb_compat.config import local_server\nfrom wandb_compat.server import discovery\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "server, new = discovery.find_or_start(folder)\n"
        "assert new and discovery.find_or_start(folder) == (server, False)\n"
        "assert discovery.stop(folder) and local_server.find_running(folder) is None\n"
    )
    done(start(disk, environment, "-c", script, str(data)))
    assert (data / "key").stat().st_size

"""A run directory of an earlier version, whose uploader files are named `courier`, is still read and synced."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import filelock

from tests.helpers import warm_python
from tests.helpers.server_state import Server
from wandb_compat.spool.journal import read_start
from wandb_compat.spool.pending import pending_rows
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.models import create_body

# An offline run of 20 rows and 20 texts, an image and an artifact; an uploader has sent 10 rows.
OLD = Path(__file__).parents[2] / "helpers" / "run_dirs" / "courier"


def test_an_old_run_directory_is_synced(server: Server, environment: dict[str, str], tmp_path: Path) -> None:
    """What the old files list as sent is not sent again; the rest arrives; a running old uploader is respected."""
    run_dir = tmp_path / "wandb" / "offline-run-20261128_220000-old1"
    shutil.copytree(OLD, run_dir)
    start = read_start(run_dir)
    assert start is not None and pending_rows(run_dir) == 10
    run = Client(resolve([server.url] * 4), server.key).create(create_body(start)).run
    status = run_dir / "journal" / "courier.json"
    status.write_text(json.dumps({**json.loads(status.read_text()), "run": run}))
    command = [sys.executable, "-m", "wandb_compat", "sync", str(run_dir)]

    def sync() -> "subprocess.CompletedProcess[str]":
        return warm_python.run(command, cwd=tmp_path, env=environment, timeout=120)

    with filelock.FileLock(run_dir / "journal" / "courier.lock"):
        busy = sync()
    assert busy.returncode != 0 and "another uploader" in busy.stderr
    done = sync()
    assert done.returncode == 0, done.stderr
    assert "everything is on the server" in done.stdout
    rows = server.metrics(start.project, run, "loss")
    assert [(row["step"], row["value"]) for row in rows] == [(step, step / 7) for step in range(10, 20)]
    details = server.get(f"/api/runs/details/{run}", projectName=start.project)
    assert details["status"] == "COMPLETED"
    files = server.get("/api/runs/files", runId=run, projectName=start.project)["files"]
    names = {file["logName"] for file in files}
    assert "image" in names and "artifacts/weights/weights.txt" in names
    assert list((run_dir / "journal" / "staged").iterdir()) == []
    again = sync().stdout
    assert "on the server already" in again or "0 rows sent, everything is on the server" in again

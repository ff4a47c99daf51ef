"""A run directory of unknown origin gives away, changes and deletes nothing outside of itself."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import warm_python
from tests.helpers.server_state import Server
from wandb_compat.spool import records
from wandb_compat.spool.journal import Journal, frame, read
from wandb_compat.spool.records import Artifact, Exit, File, Key, Row, Start
from wandb_compat.spool.server_binding import ServerBinding
from wandb_compat.wire.endpoints import resolve

Sync = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sync(tmp_path: Path, environment: dict[str, str]) -> Sync:
    """Runs `wandb-compat sync` in the test's directory."""

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "wandb_compat", "sync", *map(str, arguments)]
        return warm_python.run(command, cwd=tmp_path, env=environment, timeout=120)

    return run


def write_run(run_dir: Path, project: str, *more: records.Record, name: str = "hostile") -> None:
    """Write a run directory with one row and what else is given."""
    run_dir.mkdir(parents=True, mode=0o755)
    head = run_dir / f"run-{name}.wandb"
    journal = Journal(run_dir, name, role="rows", segment_size=2**20, limit=2**30, head=head)
    start = Start(1, project, name, name, metadata={"wandb_run_id": name})
    end = Exit(3, "completed", 0)
    journal.append([records.encode(one) for one in (start, Key("loss", "METRIC"), Row(2, 0, {"loss": 1}), *more, end)])
    journal.close()
    (run_dir / "journal" / "staged").mkdir(parents=True)


def test_paths_that_lead_out_of_the_directory(sync: Sync, server: Server, project: str, tmp_path: Path) -> None:
    """Files that a hostile journal names outside are neither uploaded nor deleted; its own files are."""
    run_dir = tmp_path / "wandb" / "offline-run-20260101_000000-hostile"
    thesis, secret = tmp_path / "thesis.txt", tmp_path / "secret.txt"
    thesis.write_text("years of work")
    secret.write_text("a key")
    outside = [
        str(secret),
        "../../secret.txt",
        "journal/staged/../../../../thesis.txt",
        "journal/link/thesis.txt",
        "journal/staged/link.txt",
    ]
    files = [File(2, 0, f"stolen{n}", f"stolen{n}.txt", "txt", path) for n, path in enumerate(outside)]
    own = File(2, 0, "own", "own.txt", "txt", "journal/staged/own.txt")
    stolen = {"key": "artifacts/a/x", "name": "x.txt", "path": "../../secret.txt", "caption": None}
    manifest = {"contents": {}, "artifact": {}}
    artifacts = [
        Artifact(id, 2, 0, "a", "dataset", "digest", manifest, [stolen], []) for id in ("good", "../../../../escaped")
    ]
    write_run(run_dir, project, *files, own, *artifacts)
    (run_dir / "journal" / "staged" / "own.txt").write_text("own")
    (run_dir / "journal" / "staged" / "link.txt").symlink_to(secret)
    (run_dir / "journal" / "link").symlink_to(tmp_path)
    done = sync(run_dir)
    assert done.returncode == 1 and f"except {len(outside) + 2} records" in done.stdout, done.stdout + done.stderr
    run = server.run(project)
    found = server.get("/api/runs/files", runId=run["id"], projectName=project)["files"]
    assert [file["logName"] for file in found] == ["own"]
    assert thesis.read_text() == "years of work" and secret.read_text() == "a key"
    assert not list(tmp_path.rglob("escaped*"))
    assert not (run_dir / "journal" / "staged" / "own.txt").exists()


def test_an_end_in_an_unknown_state(sync: Sync, server: Server, project: str, tmp_path: Path) -> None:
    """As a later version may write it, or anybody: the run counts as failed."""
    run_dir = tmp_path / "wandb" / "offline-run-20260101_000000-odd"
    write_run(run_dir, project, Exit(3, "exploded", 9), name="odd")  # type: ignore[arg-type] # that is the point
    head = run_dir / "run-odd.wandb"
    lines = [entry.line for piece, _ in read(head) for entry in piece]
    head.write_bytes(frame(line for line in lines if b"completed" not in line and not line.startswith(b"end ")))
    done = sync(run_dir)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert server.run(project)["status"] == "FAILED"


def test_a_directory_that_others_may_write_to(sync: Sync, server: Server, project: str, tmp_path: Path) -> None:
    """It is sent only with --trust, and `sync` says so."""
    run_dir = tmp_path / "wandb" / "offline-run-20260101_000000-shared"
    write_run(run_dir, project, name="shared")
    run_dir.chmod(0o777)
    done = sync()
    assert done.returncode == 1 and "use --trust" in done.stderr
    assert server.get("/api/runs/list", projectName=project)["runs"] == []
    done = sync("--trust")
    assert done.returncode == 0, done.stderr
    assert server.run(project)["status"] == "COMPLETED"


def test_a_run_belongs_to_its_server(sync: Sync, server: Server, project: str, tmp_path: Path) -> None:
    """A run that another server has is left, with a reason, until --to says where to."""
    run_dir = tmp_path / "wandb" / "run-20260101_000000-elsewhere"
    write_run(run_dir, project, name="elsewhere")
    ServerBinding.of(resolve(["http://elsewhere.example"] * 4), "mlpi_key", created=True).write(run_dir)
    done = sync()
    assert done.returncode == 1 and "it belongs to the Pluto server at http://elsewhere.example" in done.stderr
    assert f"--to {server.url}" in done.stderr
    assert server.get("/api/runs/list", projectName=project)["runs"] == []
    done = sync("--to", server.url)
    assert done.returncode == 0, done.stderr
    assert server.run(project)["status"] == "COMPLETED"
    assert json.loads((run_dir / "journal" / "server.json").read_text())["api"] == server.url


def test_interrupted_runs_are_recovered_only_to_their_server(
    script: Callable[..., "subprocess.CompletedProcess[str]"],
    server: Server,
    project: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next run beside them leaves those of another server and of other users, and says why."""
    root = tmp_path / "work" / "wandb"
    for name in ("elsewhere", "planted"):
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: 2**22 + 1)  # of no process
            write_run(root / f"run-20260101_000000-{name}", project, name=name)
        (root / f"run-20260101_000000-{name}" / "logs").mkdir()
        (root / f"run-20260101_000000-{name}" / "logs" / "uploader.log").touch()
    ServerBinding.of(resolve(["http://elsewhere.example"] * 4), None).write(root / "run-20260101_000000-elsewhere")
    (root / "run-20260101_000000-planted").chmod(0o777)
    done = script("import time, wandb\nrun = wandb.init(id='own')\ntime.sleep(2)\nrun.finish()")
    assert (
        "Interrupted run elsewhere is not uploaded: it belongs to the Pluto server at http://elsewhere" in done.stderr
    )
    assert "Interrupted run planted is not uploaded: another user" in done.stderr
    assert len(server.get("/api/runs/list", projectName=project)["runs"]) == 1

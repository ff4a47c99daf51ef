"""A run that ended on this machine a moment ago is read once its last rows can be read, with a bound."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from wandb._native.api import run_attributes
from wandb._native.run import recent_runs
from wandb.apis.public.runs import Run
from wandb_compat.spool.status import State


class SlowServer:
    """A server that acknowledged ten rows and stores them only after some reads."""

    def __init__(self, reads: int) -> None:
        self.reads = reads

    def get_run(self, project: str, number: int) -> dict[str, Any]:
        return {
            "id": 7,
            "displayId": "P-7",
            "createdAt": "2026-01-01T00:00:00Z",
            "config": {"wandb": {"summary": {"_step": 9}}},
            "logNames": [{"logName": "loss", "logType": "METRIC"}],
        }

    def points(self, project: str, number: int, **bounds: Any) -> dict[str, list[tuple[int, float, str]]]:
        self.reads -= 1
        stored = 10 if self.reads < 0 else 4
        points = [(step, float(step), "2026-01-01T00:00:00Z") for step in range(stored)]
        return {"loss": points[-1:] if bounds.get("limit") == 1 else points}


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of run `abc`, number 7, that has just ended, below WANDB_DIR."""
    path = tmp_path / "wandb" / "run-20260101_000000-abc"
    (path / "journal").mkdir(parents=True)
    State(phase="done", run=7).write(path)
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setattr(run_attributes, "STORED_POLL", 0.0)
    return path


def read(server: SlowServer) -> list[float]:
    """Return the losses that a reader gets."""
    run = Run.__new__(Run)
    run._begin(server, None, "p", 7, {"name": "abc"})  # type: ignore[arg-type]
    return [row["loss"] for row in run.scan_history()]


def test_rows_are_awaited_after_the_end(run_dir: Path) -> None:
    """All ten rows come, though the server has four of them at first."""
    assert read(SlowServer(reads=5)) == list(range(10))


def test_a_run_that_ended_long_ago_is_read_at_once(run_dir: Path) -> None:
    """What is missing then is not on its way."""
    before = time.time() - recent_runs.STORING_TIME
    os.utime(State.path(run_dir), (before, before))
    assert read(SlowServer(reads=5)) == list(range(4))


def test_the_wait_has_a_bound(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that never come are not awaited for ever."""
    monkeypatch.setattr(recent_runs, "STORING_TIME", 0.2)
    assert read(SlowServer(reads=10**9)) == list(range(4))


def test_a_run_of_another_machine_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No directory, no wait."""
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    assert read(SlowServer(reads=5)) == list(range(4))


def test_runs_elsewhere_in_this_process_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`wandb.init(dir=…)` can be anywhere; a run of dual mode has its state below `pluto`."""
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "none"))
    path = tmp_path / "far" / "run-1"
    (path / "pluto" / "journal").mkdir(parents=True)
    State(phase="done", run=7).write(path / "pluto")
    monkeypatch.setattr(recent_runs, "_run_dirs", {"abc": path})
    assert recent_runs.storing_until("abc", 7) is not None
    assert recent_runs.storing_until("abc", 8) is None

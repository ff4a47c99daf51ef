"""An uploader process ends when its last run is over and its trainer can pass on no other one."""

import json
import os
import threading
from pathlib import Path

import pytest

from wandb_compat.config.settings import Settings
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader import runs
from wandb_compat.uploader.runs import Runs

CONFIG = WorkerConfig.of(Settings())


def hello(stay: bool, run_dir: Path | None = None) -> bytes:
    """Return the line of a trainer that has no key."""
    return CONFIG.hello(None, None, "none", run_dir=run_dir, stay=stay)


@pytest.fixture(autouse=True)
def announced(tmp_path: Path) -> None:
    """Makes what a trainer makes before it starts an uploader."""
    State.reserve(tmp_path / "a")
    State.reserve(tmp_path / "b")


def ended(served: Runs) -> threading.Thread:
    """Return a thread that waits for the end of all runs."""
    thread = threading.Thread(target=served.wait, daemon=True)
    thread.start()
    return thread


def test_it_stays_for_a_run_that_may_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits while its trainer has the other end of the pipe, takes what comes in pieces, and ends with the pipe."""
    monkeypatch.setattr(runs, "UPLOADER_STAY", 1000.0)
    served, (end, trainer) = Runs(), os.pipe()
    served.take(tmp_path / "a", json.loads(hello(True)))
    reading = threading.Thread(target=served.read, args=(end, b"\n"), daemon=True)
    reading.start()
    waiting = ended(served)
    line = hello(True, tmp_path / "b")
    os.write(trainer, b"\n" + line[:10])
    os.write(trainer, line[10:] + b"\n")
    for _ in range(1000):
        if State.read(tmp_path / "b") is not None:
            break
        waiting.join(0.01)
    assert waiting.is_alive()
    os.close(trainer)
    reading.join(10)
    waiting.join(10)
    assert not waiting.is_alive()
    assert [(state := State.read(tmp_path / name)) and state.trouble for name in "ab"] == ["none", "none"]
    os.close(end)


@pytest.mark.parametrize(("stay", "seconds"), [(False, 1000.0), (True, 0.05)])
def test_it_ends_without_a_run_that_may_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stay: bool, seconds: float
) -> None:
    """It does not stay where no run can be passed on, nor for ever."""
    monkeypatch.setattr(runs, "UPLOADER_STAY", seconds)
    served = Runs()
    served.take(tmp_path / "a", json.loads(hello(stay)))
    assert served.wait() == 0


def test_a_fault_of_ours_asks_for_another_process(tmp_path: Path) -> None:
    """An error in one of the runs ends the process with a code that lets the trainer start the next one."""
    served = Runs()
    served.take(tmp_path / "a", {**json.loads(hello(True)), "config": {"unknown": 1}})
    assert served.wait() == 1

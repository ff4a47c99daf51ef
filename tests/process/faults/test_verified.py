"""An acknowledged row is not a stored row: what an ingest service forgets is found missing and sent again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.helpers.forgetful_ingest import ForgetfulIngest
from tests.helpers.server_state import Server
from tests.helpers.training import COMPRESSED
from tests.process.faults.conftest import ROUNDS

QUICK = str(Path(COMPRESSED).parent / "quick_verify")
SCRIPT = """
import sys, time, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True))
until = time.monotonic() + {seconds}
step = 0
while time.monotonic() < until:
    run.log({{"loss": step / 7, "step": step}} | ({{"word": str(step)}} if step % 5 == 0 else {{}}))
    if step % 3 == 0:
        print("line", step)
    step += 1
    time.sleep(0.02)
run.finish()
print("STEPS", step, file=open("steps", "w"))
"""


@pytest.fixture
def ingest(server: Server) -> Iterator[ForgetfulIngest]:
    """An ingest service that stores every second, in front of the session's server."""
    made = ForgetfulIngest(server.url)
    yield made
    made.stop()


Run = Callable[..., tuple[Path, int]]


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str], ingest: ForgetfulIngest) -> Run:
    """Runs SCRIPT against the ingest service while `disturb` is called again and again; returns its run directory and
    steps, once its uploader has ended."""

    def run(disturb: Callable[[], object] = lambda: None, seconds: float = 8, **more: str) -> tuple[Path, int]:
        variables = {**environment, **ingest.environment(), "PYTHONPATH": QUICK, **more}
        text = SCRIPT.format(seconds=seconds)
        script = subprocess.Popen([sys.executable, "-c", text], cwd=tmp_path, env=variables, stderr=subprocess.PIPE)
        while script.poll() is None:
            disturb()
            time.sleep(0.02)
        assert script.stderr is not None and script.returncode == 0, script.stderr
        errors = script.stderr.read().decode()
        assert "Traceback" not in errors, errors
        run_dir = (tmp_path / "wandb" / "latest-run").resolve()
        deadline = time.monotonic() + 60
        while status(run_dir)["phase"] != "done" or status(run_dir)["unverified"]:
            assert time.monotonic() < deadline, status(run_dir)
            disturb()
            time.sleep(0.02)
        return run_dir, int((tmp_path / "steps").read_text().split()[1])

    return run


def status(run_dir: Path) -> dict[str, object]:
    """Return the uploader's status."""
    return dict(json.loads((run_dir / "journal" / "uploader.json").read_text()))


def complete(server: Server, project: str, steps: int) -> tuple[int, int]:
    """Assert that nothing is missing; return how many texts and console lines are there twice."""
    found = server.run(project)
    assert found["status"] == "COMPLETED"
    rows = server.metrics(project, found["id"], "loss")
    assert [(row["step"], row["value"]) for row in rows] == [(step, step / 7) for step in range(steps)]
    query = {"projectName": project, "runId": found["id"], "limit": 10000}
    words = Counter(one["step"] for one in server.get("/api/embedded/data", logName="word", **query)["data"])
    assert set(words) == set(range(0, steps, 5))
    lines = Counter(one["message"] for one in server.get("/api/runs/logs", **query)["logs"])
    assert {f"line {step}" for step in range(0, steps, 3)} <= set(lines)
    return sum(count - 1 for count in words.values()), sum(count - 1 for count in lines.values())


def test_nothing_is_sent_again_without_need(run: Run, server: Server, project: str) -> None:
    """A service that stores late and loses nothing gets everything once, and all of it counts as verified."""
    run_dir, steps = run(seconds=4)
    assert complete(server, project, steps) == (0, 0)
    assert (status(run_dir)["resent"], status(run_dir)["verifiable"]) == (0, True)


def test_restarts_lose_nothing(run: Run, server: Server, project: str, ingest: ForgetfulIngest) -> None:
    """Restarted at random moments, and with answers that get lost: nothing is missing in the end."""
    moments = random.Random(project)
    due = time.monotonic() + 2
    restarts = 0

    def disturb() -> None:
        nonlocal due, restarts
        if time.monotonic() > due and restarts < 4 * ROUNDS:
            ingest.restart()
            restarts += 1
            due = time.monotonic() + moments.uniform(0.5, 3)

    ingest.drop = 0.02
    run_dir, steps = run(disturb, seconds=8 * ROUNDS)
    words, lines = complete(server, project, steps)
    print(f"{restarts} restarts, forgotten {ingest.forgotten}, unanswered {ingest.unanswered}, {status(run_dir)}")
    print(f"{words} texts and {lines} console lines twice, of {steps} steps")
    assert sum(ingest.forgotten.values()) and status(run_dir)["resent"]


def test_a_killed_uploader_checks_what_the_one_before_was_told(
    run: Run, server: Server, project: str, ingest: ForgetfulIngest, tmp_path: Path
) -> None:
    """What was acknowledged to an uploader that died is checked by the next one."""
    due, state = time.monotonic() + 4, {"killed": False}

    def disturb() -> None:
        if time.monotonic() > due and not state["killed"] and ingest.restart():
            pid = int(str(status(tmp_path / "wandb" / "latest-run")["pid"]))
            os.kill(pid, signal.SIGKILL)
            state["killed"] = True

    _, steps = run(disturb)
    complete(server, project, steps)
    assert ingest.forgotten


def test_a_run_that_the_server_took_for_dead(run: Run, server: Server, project: str, ingest: ForgetfulIngest) -> None:
    """Marked FAILED in the middle, as after 150 s without a heartbeat, it ends with its true state."""
    marked = []

    def disturb() -> None:
        found = server.get("/api/runs/list", projectName=project)["runs"]
        if found and not marked and time.monotonic() > due:
            body = {"runId": found[0]["id"], "status": "FAILED", "statusUpdated": 1}
            headers = {"Authorization": f"Bearer {server.key}"}
            url = f"{server.url}/api/runs/status/update"
            requests.post(url, json=body, headers=headers, timeout=10).raise_for_status()
            marked.append(found[0]["id"])

    due = time.monotonic() + 3
    _, steps = run(disturb, seconds=10, WANDB_COMPAT_HEARTBEAT="1")
    assert marked
    complete(server, project, steps)


def test_a_deleted_run_is_sent_anew(run: Run, server: Server, project: str) -> None:
    """When the server gives another number, what was acknowledged under the old one does not count."""
    from wandb_compat.spool.delivery_log import Offsets

    run_dir, _ = run(seconds=2)
    offsets = Offsets(run_dir)
    assert offsets.run is not None and offsets.closed and not offsets.unstored()
    assert not offsets.mark_run(offsets.run)
    assert offsets.mark_run(offsets.run + 1000)
    assert not offsets.closed and offsets.offset("metrics", f"run-{'abc'}.wandb") == 0
    again = Offsets(run_dir)
    assert again.run == offsets.run and not again.closed

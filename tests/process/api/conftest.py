"""Runs that were logged by our own package in a separate process, and an API that reads them back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from filelock import FileLock

import wandb
from tests.helpers.counting_proxy import Counter, counting
from tests.helpers.environments import HELPERS, ROOT
from wandb.errors import term
from wandb.sdk import wandb_login
from wandb_compat.server.serve import Running, running

TRAIN = HELPERS / "logged_runs.py"
SECONDS = 120  # that the uploaders of the training script may take after its end


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, dict[str, Any]]]:
    """A separate server with the runs of the training script, and what that script says that it has logged.

    The script runs once; the server of each worker has a copy of what it has left.
    """
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "trained"
    home.mkdir(exist_ok=True)
    with FileLock(home / "lock"):
        if not (home / "url").exists():
            (home / "url").write_text(_train(home))
    data = tmp_path_factory.mktemp("trained") / "data"
    shutil.copytree(home / "data", data)
    with running(data) as server:
        text = (home / "truth.json").read_text().replace((home / "url").read_text(), server.url)
        yield server, json.loads(text)


def _train(home: Path) -> str:
    """Run the script against a server whose data stay in the folder, and return the URL of that server."""
    with running(home / "data") as server:
        kept = {name: one for name, one in os.environ.items() if not name.startswith(("WANDB_", "PLUTO_", "DISABLE_"))}
        environment = {
            **kept,
            **server.environment(),
            "HOME": str(home),
            "XDG_DATA_HOME": str(home),
            "PLUTO_DISABLE_TELEMETRY": "1",
            "DISABLE_WANDB_LOGGING": "true",
            "WANDB_DIR": str(home),
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, str(TRAIN)], cwd=home, env=environment, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stderr
        _wait_until_over(server)
    return server.url


def _wait_until_over(server: Running) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        listed = requests.get(
            f"{server.url}/api/runs/list",
            params={"projectName": "ends"},
            headers={"Authorization": f"Bearer {server.key}"},
            timeout=10,
        ).json()["runs"]
        if len(listed) == 4 and all(run["status"] != "RUNNING" for run in listed):
            return
        time.sleep(0.2)
    raise AssertionError(f"runs are not over: {listed}")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has a separate home and working folder, and no settings from outside."""
    for name in [name for name in os.environ if name.startswith(("WANDB_", "PLUTO_", "DISABLE_WANDB", "MLOP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("PLUTO_DISABLE_TELEMETRY", "1")
    monkeypatch.setattr(term, "_said", set())
    monkeypatch.setattr(wandb_login, "_session", [])
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def truth(trained: tuple[Running, dict[str, Any]]) -> dict[str, Any]:
    """What the training script has logged, by its own account."""
    return trained[1]


@pytest.fixture
def api(trained: tuple[Running, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> wandb.Api:
    """An API that reads what the training script has logged."""
    for name, value in trained[0].environment().items():
        monkeypatch.setenv(name, value)
    return wandb.Api()


@pytest.fixture
def counted(api: wandb.Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[wandb.Api, Counter]]:
    """The same API through a proxy that counts."""
    with counting(os.environ["PLUTO_URL_API"]) as counter:
        for service in ("APP", "API", "INGEST", "PY"):
            monkeypatch.setenv(f"PLUTO_URL_{service}", counter.url)
        yield wandb.Api(), counter


Logged = Callable[..., Any]


@pytest.fixture
def log(api: wandb.Api, request: pytest.FixtureRequest) -> Logged:
    """Makes a run in a project of the test's own, straight on the server, with rows and a configuration."""
    project = request.node.name[:100]

    def make(
        id: str, rows: dict[str, list[tuple[int, float]]] | None = None, config: dict[str, Any] | None = None
    ) -> wandb.apis.public.Run:
        run = api.create_run(run_id=id, project=project)
        wire = api._reader.wire
        if config:
            wire.update_config(run.number, json.dumps(config))
        headers = {"X-Run-Id": str(run.number), "X-Run-Name": id, "X-Project-Name": project}
        lines = [
            json.dumps({"time": 1_700_000_000_000 + step, "step": step, "data": {name: value}}).encode()
            for name, points in (rows or {}).items()
            for step, value in points
        ]
        for at in range(0, len(lines), 20_000):
            wire.ingest("metrics", headers, lines[at : at + 20_000])
        if rows:
            wire.add_keys(run.number, "METRIC", list(rows))
        return run

    return make

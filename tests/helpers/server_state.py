"""What a run has left on the embedded server."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from wandb_compat.wire.packed_config import unpacked

Script = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass
class Server:
    """A running server and its key; `delayed` says that it stores later what it acknowledges."""

    url: str
    key: str
    delayed: bool = False

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON answer of a query endpoint; the details of a run with its config in the plain form."""
        answer = self.get_stored(path, **query)
        if "/runs/details/" in path and answer.get("config"):
            answer["config"] = unpacked(answer["config"])
        return answer

    def get_stored(self, path: str, **query: Any) -> Any:
        """Return the JSON answer of a query endpoint as it is."""
        answer = requests.get(
            self.url + path, params=query, headers={"Authorization": f"Bearer {self.key}"}, timeout=300
        )
        answer.raise_for_status()
        return answer.json()

    def settle(self, seconds: float = 20) -> None:
        """Wait until the server has stored all that it has acknowledged so far: it stores in order of arrival."""
        if not self.delayed:
            return
        step, headers = time.time_ns() // 1000, {"Authorization": f"Bearer {self.key}"}
        body = {"runName": "marker", "projectName": "marker", "externalId": "marker"}
        made = requests.post(self.url + "/api/runs/create", json=body, headers=headers, timeout=30)
        run = str(made.json()["runId"])
        names = {"X-Run-Id": run, "X-Project-Name": "marker", "X-Run-Name": "marker"}
        line = {"time": step // 1000, "step": step, "data": {"marker": 1}}
        sent = requests.post(self.url + "/ingest/metrics", json=line, headers={**headers, **names}, timeout=30)
        sent.raise_for_status()
        deadline = time.monotonic() + seconds
        query = {"runId": run, "projectName": "marker", "logName": "marker", "stepMin": step, "stepMax": step}
        while not self.get("/api/runs/metrics/raw", **query)["rows"]:
            assert time.monotonic() < deadline, "the server does not store what it acknowledged"
            time.sleep(0.05)

    def run(self, project: str) -> dict[str, Any]:
        """Return the details of the only run of a project, once everything acknowledged so far is stored."""
        self.settle()
        (listed,) = self.get("/api/runs/list", projectName=project)["runs"]
        return dict(self.get(f"/api/runs/details/{listed['id']}", projectName=project))

    def ended(self, project: str, seconds: float = 120) -> dict[str, Any]:
        """Return the details of a project's only run once it is over, for an uploader that outlives its script."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            listed = self.get("/api/runs/list", projectName=project)["runs"]
            if listed and listed[0]["status"] != "RUNNING":
                break
            time.sleep(0.1)
        return self.run(project)

    def metrics(self, project: str, run: int, name: str) -> list[dict[str, Any]]:
        """Return the rows of one metric, in order of steps."""
        return list(self.get("/api/runs/metrics", projectName=project, runId=run, logName=name, limit=10000)["metrics"])

"""What a run has left on the embedded server."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

Script = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass
class Server:
    """A running server and its key."""

    url: str
    key: str

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON answer of a query endpoint."""
        answer = requests.get(
            self.url + path, params=query, headers={"Authorization": f"Bearer {self.key}"}, timeout=300
        )
        answer.raise_for_status()
        return answer.json()

    def run(self, project: str) -> dict[str, Any]:
        """Return the details of the only run of a project."""
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

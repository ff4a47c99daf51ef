"""A raw HTTP client of a Pluto server, for what no well-behaved client would send."""

from __future__ import annotations

import json
from typing import Any

import requests

from wandb_compat.server.serve import Running

# Reads that name run and project.
NEED_PROJECT = {f"/api/runs/{name}" for name in ("metrics", "metrics/raw", "statistics", "logs", "files")}


class Api:
    """A raw HTTP client of one server; every answer comes back as it is."""

    def __init__(self, server: Running) -> None:
        self.url = server.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {server.key}"
        self.projects: dict[int, str] = {}  # of the runs created here

    def post(self, path: str, **body: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body)

    def get(self, path: str, **query: Any) -> requests.Response:
        if "runId" in query and query["runId"] in self.projects and path in NEED_PROJECT:
            query = {"projectName": self.projects[query["runId"]], **query}
        return self.session.get(self.url + path, params=query)

    def create(self, project: str, name: str = "a run", **fields: Any) -> int:
        answer = self.post("/api/runs/create", runName=name, projectName=project, **fields)
        assert answer.status_code == 200, answer.text
        run = answer.json()["runId"]
        self.projects[run] = project
        return run

    def ingest(self, kind: str, run: int, *lines: Any, project: str | None = None) -> requests.Response:
        texts = [line if isinstance(line, (str, bytes)) else json.dumps(line) for line in lines]
        body = b"\n".join(text if isinstance(text, bytes) else text.encode() for text in texts) + b"\n"
        headers = {"X-Run-Id": str(run), "X-Project-Name": project or self.projects.get(run, "any")}
        return self.session.post(f"{self.url}/ingest/{kind}", data=body, headers=headers)

    def metrics(self, run: int, name: str, values: list[float], time: int = 1_700_000_000_000) -> None:
        lines = [{"time": time + step, "step": step, "data": {name: value}} for step, value in enumerate(values)]
        assert self.ingest("metrics", run, *lines).status_code == 200

    def details(self, run: int) -> dict[str, Any]:
        return self.get(f"/api/runs/details/{run}").json()

    def presign(self, run: int, *entries: dict[str, Any]) -> requests.Response:
        headers = {"X-Run-Id": str(run), "X-Project-Name": self.projects.get(run, "any")}
        return self.session.post(f"{self.url}/files", json={"files": list(entries)}, headers=headers)

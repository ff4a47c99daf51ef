"""A raw HTTP client of a Pluto server, for what no well-behaved client would send."""

from __future__ import annotations

import json
from typing import Any

import requests

from wandb_compat.server.serve import Running


class Api:
    """A raw HTTP client of one server; every answer comes back as it is."""

    def __init__(self, server: Running) -> None:
        self.url = server.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {server.key}"

    def post(self, path: str, **body: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.url + path, params=query)

    def create(self, project: str, name: str = "a run", **fields: Any) -> int:
        answer = self.post("/api/runs/create", runName=name, projectName=project, **fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["runId"]

    def ingest(self, kind: str, run: int, *lines: Any, project: str = "any") -> requests.Response:
        texts = [line if isinstance(line, (str, bytes)) else json.dumps(line) for line in lines]
        body = b"\n".join(text if isinstance(text, bytes) else text.encode() for text in texts) + b"\n"
        headers = {"X-Run-Id": str(run), "X-Project-Name": project, "Content-Type": "application/x-ndjson"}
        return self.session.post(f"{self.url}/ingest/{kind}", data=body, headers=headers)

    def metrics(self, run: int, name: str, values: list[float], time: int = 1_700_000_000_000) -> None:
        lines = [{"time": time + step, "step": step, "data": {name: value}} for step, value in enumerate(values)]
        assert self.ingest("metrics", run, *lines).status_code == 200

    def details(self, run: int) -> dict[str, Any]:
        return self.get(f"/api/runs/details/{run}").json()

    def presign(self, run: int, *entries: dict[str, Any]) -> requests.Response:
        headers = {"X-Run-Id": str(run), "X-Project-Name": "any"}
        return self.session.post(f"{self.url}/files", json={"files": list(entries)}, headers=headers)

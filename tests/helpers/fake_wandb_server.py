"""A fake of wandb's server: as much as the real wandb needs to log online."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hub:
    """Listens on loopback, takes everything and keeps nothing.

    Attributes:
        url: its address.
        asked: names of the GraphQL operations so far.
        trials: commands for an agent of a sweep, which come before the one to end.
    """

    def __init__(self) -> None:
        hub = self
        self.asked: list[str] = []
        self.trials: list[dict[str, Any]] = []

        class Handler(_Handler):
            owner = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def environment(self) -> dict[str, str]:
        """Return the variables that let a script log to it."""
        return {"WANDB_MODE": "online", "WANDB_BASE_URL": self.url, "WANDB_API_KEY": "a" * 40}

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the data that a query asks for."""
        if "upsertBucket" in query:
            project = {"id": "p", "name": variables["project"], "entity": {"id": "e", "name": "me"}}
            bucket = {"id": "b", "name": variables["name"], "displayName": variables["name"], "project": project}
            empty = {"config": "{}", "sweepName": None, "historyLineCount": 0, "notes": "", "tags": []}
            return {"upsertBucket": {"bucket": {**bucket, **empty}, "inserted": True}}
        if "createRunFiles" in query:
            files = [{"name": name, "uploadUrl": f"{self.url}/upload"} for name in variables["files"]]
            return {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}
        if "createAgent(" in query:
            return {"createAgent": {"agent": {"id": "g"}}}
        if "agentHeartbeat(" in query:
            commands: list[dict[str, Any]] = []
            if not json.loads(variables["runState"]):  # the agent has nothing to do
                commands = [self.trials.pop(0) if self.trials else {"type": "exit"}]
            return {"agentHeartbeat": {"agent": {"id": "g"}, "commands": json.dumps(commands)}}
        if "ArtifactType(" in query:
            return {"project": None}
        if "createArtifact(" in query:  # it has every artifact already, so that nothing is left to upload
            made = {"id": "a", "state": "COMMITTED", "artifactSequence": {"latestArtifact": {"id": "a"}}}
            return {"createArtifact": {"artifact": made}}
        viewer = {"id": "u", "entity": "me", "flags": "{}", "username": "me", "email": "", "teams": {"edges": []}}
        return {"viewer": viewer, "serverInfo": {"cliVersionInfo": {}, "features": []}}


class _Handler(BaseHTTPRequestHandler):
    owner: Hub
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        findings: dict[str, Any] = {}
        if self.path == "/graphql":
            asked = json.loads(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.owner.asked.append(asked.get("operationName") or "")
            findings = {"data": self.owner.answer(asked["query"], asked.get("variables") or {})}
        answer = json.dumps(findings).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = _handle

    def log_message(self, *args: Any) -> None:
        pass

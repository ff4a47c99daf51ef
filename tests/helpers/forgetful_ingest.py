"""An ingest service as a real one behaves: it answers first, stores seconds later, and forgets what it holds when it
restarts."""

from __future__ import annotations

import json
import random
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests


class ForgetfulIngest:
    """Stands in front of a server: ingest requests are answered at once and passed on every `interval` seconds.

    Attributes:
        url: its address.
        forgotten: lines that were acknowledged and lost, by route.
        unanswered: lines that were taken without an answer, by route.
        drop: probability that an ingest request is taken and its connection closed without an answer.
    """

    def __init__(self, target: str, interval: float = 1.0, seed: int = 0) -> None:
        self.target = target
        self.interval = interval
        self.drop = 0.0
        self.forgotten: dict[str, int] = {}
        self.unanswered: dict[str, int] = {}
        self.random = random.Random(seed)
        self._held: list[tuple[str, dict[str, str], bytes]] = []
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._stopped = threading.Event()
        owner = self

        class Handler(_Handler):
            pass

        Handler.owner = owner

        class Listener(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:  # the client has gone
                pass

        self._server = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        threading.Thread(target=self._flush_loop, daemon=True).start()

    def environment(self) -> dict[str, str]:
        """Return the variables that send a script here."""
        return {f"PLUTO_URL_{name}": self.url for name in ("APP", "API", "INGEST", "PY")}

    def restart(self) -> int:
        """Forget what is held and close all connections; return how many lines were lost."""
        with self._lock:
            lost, self._held = self._held, []
            connections, self._connections = self._connections, set()
        for path, _, body in lost:
            self.forgotten[path] = self.forgotten.get(path, 0) + body.count(b"\n")
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        return sum(body.count(b"\n") for _, _, body in lost)

    def stop(self) -> None:
        """Store what is held and end."""
        self._stopped.set()
        self.flush()
        self._server.shutdown()
        self._server.server_close()

    def hold(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Keep an ingest request in memory."""
        with self._lock:
            self._held.append((path, headers, body))

    def flush(self) -> None:
        """Store what is held."""
        with self._lock:
            held, self._held = self._held, []
            for path, headers, body in held:
                requests.post(self.target + path, data=body, headers=headers, timeout=60).raise_for_status()

    def _flush_loop(self) -> None:
        while not self._stopped.wait(self.interval):
            self.flush()


class _Handler(BaseHTTPRequestHandler):
    owner: ForgetfulIngest
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.owner._connections.add(self.connection)

    def finish(self) -> None:
        self.owner._connections.discard(self.connection)
        super().finish()

    def _handle(self) -> None:
        owner = self.owner
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "host")}
        if self.path.startswith("/ingest/"):
            owner.hold(self.path, headers, body)
            if owner.random.random() < owner.drop:
                owner.unanswered[self.path] = owner.unanswered.get(self.path, 0) + body.count(b"\n")
                self.close_connection = True
                return
            self._give(200, b"OK")
            return
        answer = requests.request(
            self.command, owner.target + self.path, data=body, headers=headers, timeout=60, allow_redirects=False
        )
        if answer.status_code == 404 and self.path.startswith("/api/runs/metrics/raw"):
            self._give(200, self._raw_steps(headers))
            return
        self._give(answer.status_code, answer.content)

    def _raw_steps(self, headers: dict[str, str]) -> bytes:
        """Answer for a server that cannot list raw rows."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        low, high = int(query.pop("stepMin")), int(query.pop("stepMax"))
        query["limit"] = "10000"
        answer = requests.get(f"{self.owner.target}/api/runs/metrics", params=query, headers=headers, timeout=60)
        steps = [row["step"] for row in answer.json()["metrics"]]
        return json.dumps({"rows": [{"step": step} for step in steps if low <= step <= high]}).encode()

    do_GET = do_POST = do_PUT = _handle

    def _give(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass

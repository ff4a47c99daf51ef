"""An ingest service as a real one behaves: it answers first, stores seconds later, and forgets what it holds when it
restarts; several of it may stand behind one address."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import requests

FileId = tuple[str, str]  # key and name
Held = tuple[str, dict[str, str], bytes, float]  # path, headers and body of a request, and when it came
STORED_WITHIN = 1.5  # intervals after which a service has stored what came, however busy this machine is


class ForgetfulIngest:
    """Stands in front of a server: ingest requests are answered at once and passed on every `interval` seconds.

    The list of files shows an announced file only once its entry is stored.

    Attributes:
        url: its address.
        forgotten: lines that were acknowledged and lost, by route; of files their entries.
        unanswered: lines that were taken without an answer, by route.
        drop: probability that an ingest request is taken and its connection closed without an answer.
        thawed: while this is not set, ingest requests are neither taken nor answered.
        loses: says of a body that it is acknowledged and not stored.
        without: pattern of paths that are answered with 404.
        listed: how many files one answer holds.
        limit: bytes of an ingest request over which it is answered with 413, as a proxy does it.
        status: by pattern of paths, the status and body that they are answered with.
        calls: requests by method and path; `bytes` the size of their answers.
    """

    def __init__(self, target: str, interval: float | None = 1.0, seed: int = 0, processes: int = 1) -> None:
        """Listen.

        Args:
            target: URL of the server behind it.
            interval: seconds between two times at which what is held is stored; None for `flush` alone.
            seed: of all chance.
            processes: services behind the address; each connection has one, in turn.
        """
        self.target = target
        self.processes = processes
        self.interval = interval
        self.drop = 0.0
        self.forgotten: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()
        self.random = random.Random(seed)
        self.thawed = threading.Event()
        self.thawed.set()
        self.loses: Callable[[bytes], bool] = lambda body: False
        self.without: str | None = None
        self.listed = 1000
        self.limit: int | None = None
        self.status: dict[str, tuple[int, bytes]] = {}
        self.calls: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self._held: list[list[Held]] = [[] for _ in range(processes)]
        self._hidden: Counter[FileId] = Counter()  # entries of files that are not stored, or never will be
        self._lock = threading.Lock()
        self._connections: list[set[socket.socket]] = [set() for _ in range(processes)]
        self._next = 0
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

    def connect(self, connection: socket.socket) -> int:
        """Give a new connection to one of the processes; return which."""
        with self._lock:
            process = self._next = (self._next + 1) % len(self._held)
            self._connections[process].add(connection)
        return process

    def disconnect(self, process: int, connection: socket.socket) -> None:
        """Forget a connection that was closed."""
        with self._lock:
            self._connections[process].discard(connection)

    def restart(self, process: int = 0) -> int:
        """Forget what a process holds and close its connections; return how many lines or entries were lost.

        What a busy machine has not let it store in time counts as stored: it comes later, and is not forgotten.
        """
        with self._lock:
            oldest = -1.0 if self.interval is None else time.monotonic() - STORED_WITHIN * self.interval
            lost = [one for one in self._held[process] if one[3] >= oldest]
            self._held[process] = [one for one in self._held[process] if one[3] < oldest]
            connections, self._connections[process] = self._connections[process], set()
            for path, _, body, _ in lost:
                self.forgotten[path] += _count(path, body)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        return sum(_count(path, body) for path, _, body, _ in lost)

    def stop(self) -> None:
        """Store what is held and end."""
        self._stopped.set()
        self.thawed.set()
        self.flush()
        self._server.shutdown()
        self._server.server_close()

    def hold(self, process: int, request: Held) -> None:
        """Keep an ingest request in the memory of a process."""
        path, _, body, _ = request
        with self._lock:
            if self.loses(body):
                self.forgotten[path] += _count(path, body)
                return
            if path == "/files":
                self._hidden.update(_announced(body))
            self._held[process].append(request)

    def flush(self) -> None:
        """Store what is held."""
        with self._lock:
            for held in self._held:
                while held:
                    path, headers, body, _ = held[0]
                    if path == "/files":
                        self._hidden.subtract(_announced(body))
                    else:
                        answer = requests.post(self.target + path, data=body, headers=headers, timeout=300)
                        answer.raise_for_status()
                    held.pop(0)

    def files(self, answer: bytes) -> bytes:
        """Return a list of files without those whose entries are not stored."""
        with self._lock:
            hidden, files = self._hidden.copy(), []
        for file in json.loads(answer)["files"]:
            name = file["logName"], file["fileName"]
            if hidden[name] > 0:
                hidden[name] -= 1
            else:
                files.append(file)
        return json.dumps({"files": files[: self.listed]}).encode()

    def _flush_loop(self) -> None:
        while self.interval is not None and not self._stopped.wait(self.interval):
            with contextlib.suppress(requests.RequestException):  # a busy machine: what is held stays for the next time
                self.flush()


def _announced(body: bytes) -> list[FileId]:
    return [(file["logName"], file["fileName"]) for file in json.loads(body)["files"]]


def _count(path: str, body: bytes) -> int:
    return len(_announced(body)) if path == "/files" else body.count(b"\n")


class _Handler(BaseHTTPRequestHandler):
    owner: ForgetfulIngest
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.process = self.owner.connect(self.connection)

    def finish(self) -> None:
        self.owner.disconnect(self.process, self.connection)
        super().finish()

    def _handle(self) -> None:
        owner = self.owner
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "host")}
        path = urlsplit(self.path).path
        owner.calls[f"{self.command} {path}"] += 1
        for pattern, (status, text) in owner.status.items():
            if re.search(pattern, path):
                self._give(status, text)
                return
        if owner.without is not None and re.search(owner.without, path):
            self._give(404, b'{"error":"Not found"}')
            return
        if path == "/files" or path.startswith("/ingest/"):
            owner.thawed.wait(60)
        if path.startswith("/ingest/") and owner.limit is not None and len(body) > owner.limit:
            self._give(413, b"too large")
            return
        if path.startswith("/ingest/"):
            owner.hold(self.process, (path, headers, body, time.monotonic()))
            if owner.random.random() < owner.drop:
                owner.unanswered[path] += body.count(b"\n")
                self.close_connection = True
                return
            self._give(200, b"OK")
            return
        answer = requests.request(
            self.command, owner.target + self.path, data=body, headers=headers, timeout=60, allow_redirects=False
        )
        content = answer.content
        if path == "/files" and answer.ok:
            owner.hold(self.process, (path, headers, body, time.monotonic()))
        elif path == "/api/runs/files" and answer.ok:
            content = owner.files(content)
        self._give(answer.status_code, content)

    do_GET = do_POST = do_PUT = _handle

    def _give(self, status: int, body: bytes) -> None:
        self.owner.bytes[f"{self.command} {urlsplit(self.path).path}"] += len(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass

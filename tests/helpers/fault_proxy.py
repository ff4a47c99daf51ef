"""A proxy in front of the real server that injects faults into the requests that pass through it."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

HUGE = 100 * 1024**2  # bytes of a `huge` answer


@dataclass
class Call:
    """One request that came to the proxy."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    fault: str | None
    time: float = field(default_factory=time.monotonic)


class FaultProxy:
    """Passes requests on to a server, or does to them what `fault` says.

    Faults: a status such as `500`, `lose` (the server has it, the client gets no answer), `half` (the server has it,
    half of the answer comes), `garbage`, `page` (HTML), `list` (JSON, but no object), `huge` (100 MB), `redirect` (to
    this proxy, under `/elsewhere`), `hang` (no answer until the fault is over), `late` (passed on after `delay`
    seconds), `slow` (`speed` bytes a second both ways), and None. A script sets them with `GET /fault/NAME/PATTERN`,
    where NAME may be `none`, and reads with `GET /met/NAME` how many requests a fault has hit.

    Attributes:
        fault: what happens to the next requests…
        where: …whose path matches this pattern.
        headers: what an answer with a status has besides.
        picky: lets a fault hit only the bodies for which it says so.
        calls: all requests so far.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.fault: str | None = None
        self.where = ""
        self.headers: dict[str, str] = {}
        self.picky: Callable[[bytes], bool] = lambda body: True
        self.speed = 1000.0
        self.delay = 0.0
        self.calls: list[Call] = []
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.open()
        self.url = f"http://127.0.0.1:{self._port}"

    def environment(self) -> dict[str, str]:
        """Return the variables that send a script through the proxy."""
        return {f"PLUTO_URL_{name}": self.url for name in ("APP", "API", "INGEST", "PY")}

    def open(self) -> None:
        """Listen, on the same port as before."""
        proxy = self

        class Handler(_Handler):
            owner = proxy

        class Listener(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:  # the client has gone: that is what this is about
                pass

        self._server = Listener(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def shut(self) -> None:
        """Listen no more: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def met(self, fault: str) -> int:
        """Return how many requests a fault has hit."""
        return sum(call.fault == fault for call in self.calls)

    def hit(self, count: int = 1, seconds: float = 120) -> None:
        """Wait until the fault that is set has hit so many requests."""
        fault, deadline = self.fault, time.monotonic() + seconds
        assert fault is not None
        while self.met(fault) < count:
            assert time.monotonic() < deadline, f"{fault} has hit {self.met(fault)} of {count} requests"
            time.sleep(0.02)

    def passed(self, pattern: str, seconds: float = 120) -> None:
        """Wait until a request that matches has gone through unharmed from now on."""
        seen, deadline = len(self.calls), time.monotonic() + seconds
        while not any(call.fault is None and re.search(pattern, call.path) for call in self.calls[seen:]):
            assert time.monotonic() < deadline, f"no request to {pattern}"
            time.sleep(0.02)


class _Handler(BaseHTTPRequestHandler):
    owner: FaultProxy
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        proxy = self.owner
        length = int(self.headers.get("Content-Length") or 0)
        if self.path.startswith("/fault/"):
            _, _, fault, proxy.where = self.path.split("/", 3)
            proxy.fault = fault if fault != "none" else None
            self._give(200, b"")
            return
        if self.path.startswith("/met/"):
            self._give(200, str(proxy.met(self.path.removeprefix("/met/"))).encode())
            return
        fault = proxy.fault if proxy.fault is not None and re.search(proxy.where, self.path) else None
        body = self._read_slowly(length) if fault == "slow" else self.rfile.read(length)
        if not proxy.picky(body):
            fault = None
        proxy.calls.append(Call(self.command, self.path, dict(self.headers.items()), body, fault))
        if fault is None or self.path.startswith("/elsewhere"):
            self._give(*self._pass(body))
        elif fault.isdecimal():
            self._give(int(fault), b'{"error":"fault","message":"injected"}', proxy.headers)
        else:
            getattr(self, f"_{fault}")(body)

    do_GET = do_POST = do_PUT = _handle

    def _pass(self, body: bytes) -> tuple[int, bytes]:
        # The host stays the proxy's: the server builds upload URLs of it.
        headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
        answer = requests.request(
            self.command, self.owner.target + self.path, data=body, headers=headers, timeout=60, allow_redirects=False
        )
        return answer.status_code, answer.content

    def _give(self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body) if length is None else length), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _break(self) -> None:
        """Reset the connection, as a machine does that goes down."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _lose(self, body: bytes) -> None:
        self._pass(body)
        self._break()

    def _half(self, body: bytes) -> None:
        status, answer = self._pass(body)
        self._give(status, answer[: len(answer) // 2], length=len(answer) + 1)
        self.close_connection = True

    def _garbage(self, body: bytes) -> None:
        self._give(200, b"\x00\xff{[not JSON" * 50)

    def _page(self, body: bytes) -> None:
        self._give(200, b"<!DOCTYPE html><html>Welcome to our hotel</html>")

    def _list(self, body: bytes) -> None:
        self._give(200, b"[]")

    def _huge(self, body: bytes) -> None:
        self._give(200, b"", length=HUGE)
        for _ in range(HUGE // 1024**2):
            self.wfile.write(b" " * 1024**2)

    def _redirect(self, body: bytes) -> None:
        self._give(307, b"", {"Location": f"{self.owner.url}/elsewhere{self.path}"})

    def _hang(self, body: bytes) -> None:
        proxy = self.owner
        while proxy.fault == "hang" and proxy._server is not None:
            time.sleep(0.05)
        self._break()

    def _late(self, body: bytes) -> None:
        time.sleep(self.owner.delay)
        self._give(*self._pass(body))

    def _slow(self, body: bytes) -> None:
        status, answer = self._pass(body)
        self._give(status, b"", length=len(answer))
        for place in range(0, len(answer), 100):
            time.sleep(100 / self.owner.speed)
            self.wfile.write(answer[place : place + 100])

    def _read_slowly(self, length: int) -> bytes:
        body = b""
        while len(body) < length and (piece := self.rfile.read(min(100, length - len(body)))):
            time.sleep(len(piece) / self.owner.speed)
            body += piece
        return body

    def log_message(self, *args: Any) -> None:
        pass

"""A proxy in front of a server that keeps count of what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import requests

Asked = tuple[str, dict[str, str]]
HOP = ("content-length", "transfer-encoding", "content-encoding", "connection")


class Counter:
    """What the server behind a proxy was asked: path and query of each request, in order."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []

    def paths(self) -> list[str]:
        """Return the last part of each path since the last call."""
        asked, self.asked = self.asked, []
        return ["details" if "/details/" in path else path.rpartition("/")[2] for path, _ in asked]

    def queries(self, last: str) -> list[dict[str, str]]:
        """Return the queries of the requests whose path ends so, since the last call of this or of `paths`."""
        asked, self.asked = self.asked, []
        return [query for path, query in asked if path.endswith(last)]


@contextmanager
def counting(target: str) -> Iterator[Counter]:
    """Run a proxy in front of `target`."""
    session = requests.Session()
    session.trust_env = False

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            counter.asked.append((split.path, {key: one[0] for key, one in parse_qs(split.query).items()}))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = session.request(
                self.command, target + self.path, headers=dict(self.headers), data=body, allow_redirects=False
            )
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_POST = do_PUT = do_GET

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    counter = Counter(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield counter
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Whatever a host answers with status 2xx that Pluto or an object store cannot have sent is not taken for stored."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints
from wandb_compat.wire.errors import Unavailable

PAGE = b"  <!DOCTYPE html><html>Welcome to our hotel</html>"
ODD = {
    "list": (200, b"[]"),
    "null": (200, b"null"),
    "number": (200, b"7"),
    "page": (200, PAGE),
    "page, 201": (201, PAGE),
    "bytes": (200, b"\x00\xff{[not JSON"),
    "another route's": (200, b'{"runId": 99999999}'),
    "part": (206, b"{}"),
}
WRITES: dict[str, Callable[[Client, str], object]] = {
    "ingest": lambda client, url: client.ingest("metrics", {}, [b"{}"]),
    "upload": lambda client, url: client.upload(f"{url}/blob", io.BytesIO(b"x"), "image/png"),
    "keys": lambda client, url: client.add_keys(1, "METRIC", ["loss"]),
    "config": lambda client, url: client.update_config(1, "{}"),
    "tags": lambda client, url: client.update_tags(1, []),
    "status": lambda client, url: client.set_status(1, "COMPLETED", 1),
    "alert": lambda client, url: client.alert(1, {}),
    "graph": lambda client, url: client.model_graph(1, {}),
    "heartbeat": lambda client, url: client.heartbeat(1),
}
READS: dict[str, Callable[[Client, str], object]] = {
    "runs": lambda client, url: client.runs("p", {}),
    "details": lambda client, url: client.details(1, "p"),
    "files": lambda client, url: client.files(1, "p"),
    "rows": lambda client, url: client.raw_values(1, "p", "loss", 0, 1),
    "console": lambda client, url: client.console(1, "p", 1),
    "statistics": lambda client, url: client.statistics(1, "p"),
}
OBJECT = "another route's"  # an object is an answer of an API route, whatever it holds


class Odd:
    """A host that gives every request the same answer."""

    def __init__(self) -> None:
        self.answer = 200, b""
        host = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = host.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = _answer

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture(scope="module")
def odd() -> Iterator[Odd]:
    """The host."""
    host = Odd()
    yield host
    host.server.shutdown()
    host.server.server_close()


@pytest.fixture(scope="module")
def client(odd: Odd) -> Iterator[Client]:
    """A client of that host."""
    made = Client(Endpoints(odd.url, odd.url, odd.url, odd.url), "mlpi_key")
    yield made
    made.close()


@pytest.mark.parametrize("answer", ODD)
def test_an_odd_answer_is_none(odd: Odd, client: Client, answer: str) -> None:
    """Each call says that it must be tried again."""
    odd.answer = ODD[answer]
    for name, call in {**WRITES, **READS}.items():
        if answer == OBJECT and name not in ("ingest", "upload"):
            continue
        try:
            call(client, odd.url)
        except Unavailable:
            continue
        pytest.fail(f"{name} takes {ODD[answer]} for an answer")


def test_the_answers_of_real_servers_are_taken(odd: Odd, client: Client) -> None:
    """An object store answers with an empty body, an ingest route with a text, an API route with an object."""
    bodies = {"ingest": b"OK", "upload": b""}
    for name, call in WRITES.items():
        odd.answer = 200, bodies.get(name, b'{"success":true}')
        call(client, odd.url)

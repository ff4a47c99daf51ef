"""A fake server of a language model: every path has one answer."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def answering(pages: Mapping[str, Any]) -> Iterator[str]:
    """Serve pages by their paths, texts as they are and the rest as JSON; give the address."""

    class Model(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            page = pages[self.path.strip("/").partition("?")[0]]
            body = (page if isinstance(page, str) else json.dumps(page)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/csv" if isinstance(page, str) else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()

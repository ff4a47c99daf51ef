"""`pluto migrate wandb …` of pluto-ml reads wandb's server with the real wandb, whatever mode scripts run in."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.process.dual.conftest import Stage

KEY = "0123456789abcdef0123456789abcdef01234567"  # of the form of wandb's
EXPORT = ("-m", "pluto", "migrate", "wandb", "export", "--entity", "team", "--project", "p", "--output", "out")


class Wandb:
    """A server that accepts no key, at wandb's address; it keeps what it is asked, and with which key."""

    def __init__(self) -> None:
        asked: list[tuple[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked.append((self.path, self.headers.get("Authorization", "")))
                body = json.dumps({"errors": [{"message": "user is not logged in"}]}).encode()
                self.send_response(401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.asked = asked
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def wandbs_server() -> Iterator[Wandb]:
    """The server, for one test."""
    server = Wandb()
    yield server
    server.server.shutdown()


def test_migration_asks_wandbs_server_in_every_mode(stage: Stage, wandbs_server: Wandb) -> None:
    """In dual and wandb mode, with wandb logging disabled and turned off, the same requests reach wandb, with
    its key."""
    stage.environment.install("pyarrow")
    stage.folder.mkdir()
    nothing = {name: "" for name in stage.variables if name.startswith("PLUTO_API")}
    modes = {
        "off": {"WANDB_COMPAT": "off"},
        "dual": stage.variables,
        "wandb": {**stage.variables, **nothing},
        "disabled": {**stage.variables, "DISABLE_WANDB_LOGGING": "true"},
    }
    findings = {}
    for name, variables in modes.items():
        changes = {**variables, "WANDB_BASE_URL": wandbs_server.url, "WANDB_MODE": "online"}
        done = stage.environment.run(*EXPORT, "--wandb-api-key", KEY, cwd=stage.folder, code=None, **changes)
        assert done.returncode != 0, name
        findings[name] = [*wandbs_server.asked]
        wandbs_server.asked.clear()
        assert "Pluto key" not in done.stderr, done.stderr
    assert findings["off"]
    for name, asked in findings.items():
        assert {path for path, _ in asked} == {path for path, _ in findings["off"]}, name
        assert all(base64.b64decode(given.partition(" ")[2]).decode() == f"api:{KEY}" for _, given in asked if given)


def test_scripts_after_the_sunset_log_to_pluto_as_ever(stage: Stage) -> None:
    """`import pluto.migrate` alone changes nothing: only a process that exports gets the real wandb."""
    script = "import pluto.migrate, wandb; print(wandb.__file__); wandb.init(mode='disabled')"
    assert "dropin" in stage.run(script, DISABLE_WANDB_LOGGING="true").stdout
    script = "import pluto.migrate.wandb_export, wandb; print(wandb.Api.__module__, wandb.__file__)"
    stage.environment.install("pyarrow")
    assert "dropin" not in stage.run(script, DISABLE_WANDB_LOGGING="true").stdout

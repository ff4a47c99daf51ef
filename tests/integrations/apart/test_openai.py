"""OpenAI: the client talks to a server on this machine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import wandb

openai = pytest.importorskip("openai", exc_type=ImportError)
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "small",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello!"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}


@pytest.fixture
def address():
    class Model(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps(ANSWER).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args) -> None:
            """Be silent."""

    server = HTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def test_calls_are_logged(address, read, monkeypatch) -> None:
    """While `autolog` is on each call is a row of tokens and a table of what was said; afterwards none is."""
    from wandb.integration.openai import autolog

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = openai.OpenAI(base_url=address, api_key="none")
    question = [{"role": "user", "content": "Hi"}]
    run = wandb.init(mode="offline")
    autolog()
    answer = client.chat.completions.create(model="small", messages=question)
    autolog.disable()
    client.chat.completions.create(model="small", messages=question)
    run.finish()
    assert answer.choices[0].message.content == "Hello!"
    ((_, row),) = read(run).rows()
    assert row.pop("usage/elapsed_time") > 0
    assert row == {"usage/prompt_tokens": 3, "usage/completion_tokens": 2, "usage/total_tokens": 5}
    (table,) = [one for one in read(run).all("data") if one["dataType"] == "TABLE"]
    assert table["logName"] == "traces" and "**user**: Hi" in table["data"] and "Hello!" in table["data"]

"""What careless or hostile clients do to the embedded server: it goes on, answers others, and ends on SIGTERM."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.helpers.raw_http import Api
from tests.process.faults.conftest import ROUNDS
from wandb_compat.server.serve import Running, running

SHORT_WAITS = """
from wandb_compat.server import limits
limits.HEADER_TIMEOUT = limits.BODY_TIMEOUT = 1.0
"""
CONNECTIONS = 100 if ROUNDS == 1 else 1500
BODIES = 2 if ROUNDS == 1 else 8
BODY = 6_000_000 if ROUNDS == 1 else 60_000_000  # bytes of each


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that waits a second for requests."""
    folder = tmp_path_factory.mktemp("impatient")
    (folder / "sitecustomize.py").write_text(SHORT_WAITS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        with running(folder / "data") as server:
            yield server


@pytest.fixture
def api(impatient: Running) -> Api:
    """Requests to it."""
    return Api(impatient)


def connect(server: Running) -> socket.socket:
    """Return a connection."""
    host, port = server.url.removeprefix("http://").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=20)


HALVES = {
    "nothing": b"",
    "half a line": b"GET /heal",
    "half of the headers": b"POST /ingest/metrics HTTP/1.1\r\nHost: x\r\nX-Run-Id: 1\r\n",
    "half of a second request": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /heal",
}


@pytest.mark.parametrize("half", HALVES)
def test_half_open_connections_are_closed(impatient: Running, half: str) -> None:
    """Whatever part of a request has come; others are answered meanwhile."""
    open_ones = [connect(impatient) for _ in range(CONNECTIONS)]
    for one in open_ones:
        one.sendall(HALVES[half])
    assert requests.get(f"{impatient.url}/healthz", timeout=5).json() == {"status": "ok"}
    for one in open_ones:
        while one.recv(4096):
            pass
        one.close()


def entry(size: int, name: str = "a.html") -> dict[str, Any]:
    """Return the announcement of a file."""
    return {"fileName": name, "fileSize": size, "fileType": "html", "time": 1, "logName": "log", "step": 0}


def upload_url(api: Api, run: int, size: int) -> str:
    """Announce a file; return the URL to upload it to."""
    return str(api.presign(run, entry(size)).json()["log"][0]["a.html"])


def put(url: str, content: bytes, kind: str = "text/html") -> int:
    """Upload; return the status."""
    return requests.put(url, data=content, headers={"Content-Type": kind}, timeout=10).status_code


def test_a_body_that_does_not_come_is_given_up(impatient: Running, api: Api) -> None:
    """With 408, which clients repeat; for rows, documents and files."""
    key = f"Authorization: Bearer {impatient.key}\r\nContent-Type: application/json\r\nX-Run-Id: 1\r\n"
    url = upload_url(api, api.create("bodies"), 100).removeprefix(impatient.url)
    for line in (
        f"POST /ingest/metrics HTTP/1.1\r\nX-Project-Name: p\r\n{key}",
        f"POST /api/runs/create HTTP/1.1\r\n{key}",
        f"POST /api/runs/trigger HTTP/1.1\r\n{key}",
        f"POST /files HTTP/1.1\r\nX-Project-Name: p\r\n{key}",
        f"PUT {url} HTTP/1.1\r\n",
    ):
        with connect(impatient) as one:
            one.sendall(f"{line}Host: x\r\nContent-Length: 100\r\n\r\n{{".encode())
            status = one.recv(4096).splitlines()[0]
            assert b" 408 " in status, line
    assert not list(impatient.data_dir.glob("files/*/incoming-*"))


def test_large_bodies_at_once(impatient: Running, api: Api) -> None:
    """They are stored piece by piece, so that memory is bounded, and small requests are answered meanwhile."""
    run = api.create("large")
    lines = BODY // 60
    rows = (f'{{"time":{step},"step":{step},"data":{{"loss":{step}.5}}}}' for step in range(lines))
    body = "\n".join(rows).encode() + b"\n"
    headers = {"Authorization": f"Bearer {impatient.key}", "X-Run-Id": str(run), "X-Project-Name": "large"}
    process = psutil.Process(impatient._process.pid)
    before, most = process.memory_info().rss, 0

    def send(number: int) -> int:
        return requests.post(f"{impatient.url}/ingest/metrics", data=body, headers=headers, timeout=1500).status_code

    with ThreadPoolExecutor(BODIES) as pool:
        answers = [pool.submit(send, number) for number in range(BODIES)]
        while not all(answer.done() for answer in answers):
            assert requests.get(f"{impatient.url}/healthz", timeout=30).status_code == 200
            most = max(most, process.memory_info().rss)
            time.sleep(0.05)
    assert [answer.result() for answer in answers] == [200] * BODIES
    assert most - before < 1_200_000_000
    statistics = api.get("/api/runs/statistics", runId=run).json()["metrics"][0]
    assert (statistics["count"], statistics["last"]["step"]) == (lines, lines - 1)


@pytest.mark.parametrize("line", [b"\n", b"x\n", b"{}\n", b'{"time":1,"step":1,"data":{"a":1}}\n'], ids=str)
def test_megabytes_of_bad_lines(impatient: Running, api: Api, line: bytes) -> None:
    """The first bad one is refused at once, in whichever piece of the body it is."""
    run = api.create("bad")
    headers = {"Authorization": f"Bearer {impatient.key}", "X-Run-Id": str(run), "X-Project-Name": "bad"}
    count = 8_000_000 // len(line)
    answer = requests.post(f"{impatient.url}/ingest/metrics", data=line * count + b"end", headers=headers, timeout=60)
    assert answer.status_code == 422
    at = 0 if line in (b"x\n", b"{}\n") else count
    assert answer.json()["message"].startswith(f"Line {at} cannot be stored"), answer.text


def test_an_upload_url_is_for_one_file_once(impatient: Running, api: Api) -> None:
    """Of the announced size and type; a URL that was used takes only the same bytes, as after a lost answer."""
    run = api.create("uploads")
    url = upload_url(api, run, 3)
    assert [put(url, b"x" * 1_000_000), put(url, b"xx"), put(url, b"")] == [403, 403, 403]
    assert put(url.replace("size=3", "size=4"), b"xxxx") == 403
    assert put(url, b"one", "application/x-evil") == 200
    assert [put(url, b"two"), put(url, b"one")] == [403, 200]
    later = upload_url(api, run, 3)
    assert put(later, b"new") == 200
    (file, *_) = api.get("/api/runs/files", runId=run).json()["files"]
    answer = requests.get(file["url"], timeout=10)
    assert (answer.content, answer.headers["Content-Type"].partition(";")[0]) == (b"new", "text/html")
    impatient.restart()  # what was used stays used
    assert put(later, b"old") == 403


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "CANCELLED"])
def test_an_upload_url_ends_with_its_run(api: Api, status: str) -> None:
    """What was left of it, as in logs, is good for nothing; who has the key gets a new one."""
    run = api.create("ends")
    url = upload_url(api, run, 3)
    assert api.post("/api/runs/status/update", runId=run, status=status).status_code == 200
    assert put(url, b"one") == 403
    assert put(upload_url(api, run, 3), b"two") == 200


def test_the_server_ends_whatever_it_does(tmp_path: Path) -> None:
    """Within its limit, amid requests, half-open connections and a filter that never ends."""
    with running(tmp_path / "data") as server:
        api = Api(server)
        api.create("p", config='{"a": "' + "x" * 40 + '"}')
        halves = [connect(server) for _ in range(20)]
        for one in halves:
            one.sendall(b"POST /api/runs/create HTTP/1.1\r\nContent-Le")
        pattern = '{"config.a":{"$regex":"(x+)+$y"}}'

        def ask() -> None:
            with contextlib.suppress(requests.RequestException):
                api.get("/api/runs/list", projectName="p", filter=pattern)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        server._process.send_signal(signal.SIGTERM)
        server._process.wait(30)
        for thread in threads:
            thread.join()
        server._start(0)
        assert len(Api(server).get("/api/runs/list", projectName="p").json()["runs"]) == 1


@pytest.mark.parametrize("odd", ["key", "pluto.db", "signed_out", "files"])
def test_an_odd_data_folder_gets_a_sentence(tmp_path: Path, odd: str) -> None:
    """No traceback, from the command too."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "key").write_text("mlpi_abc")
    (folder / odd).unlink(missing_ok=True)
    if odd == "files":
        (folder / odd).touch()
    else:
        (folder / odd).mkdir()
    command = [sys.executable, "-m", "wandb_compat", "serve", "--data", str(folder), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert str(folder) in done.stderr and "choose another" in done.stderr

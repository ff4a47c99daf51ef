"""The server as a process: how it announces itself, stops, and says why it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.helpers.raw_http import Api
from wandb_compat.server.serve import ServerError, running

COMMAND = [sys.executable, "-m", "wandb_compat.server"]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_one_line_when_ready_and_stops_in_good_order(tmp_path: Path, end: signal.Signals) -> None:
    """The line is JSON with URL and key file; both signals end it with exit code 0 and a free folder."""
    for _ in range(2):
        server = subprocess.Popen([*COMMAND, "--data", str(tmp_path / "data")], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        assert set(ready) == {"url", "key_file"}
        assert ready["url"].startswith("http://127.0.0.1:")
        key = Path(ready["key_file"]).read_text(encoding="utf-8").strip()
        answer = requests.post(ready["url"] + "/api/slug", headers={"Authorization": f"Bearer {key}"}, timeout=60)
        assert answer.json()["organization"]["slug"]
        server.send_signal(end)
        rest, _ = server.communicate(timeout=10)
        assert (rest, server.returncode) == ("", 0)


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    """The sentence names the port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port}"), running(tmp_path / "data", port=port):
            pass


def test_missing_packages_are_told_with_the_command_that_installs_them(tmp_path: Path) -> None:
    """Without uvicorn the error names the extra."""
    code = (
        "import sys; sys.modules['uvicorn'] = None; from pathlib import Path;"
        f"from wandb_compat.server.serve import Server; Server(Path({str(tmp_path)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'pip install "wandb-compat[local]"' in done.stderr


def test_a_folder_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    """The server says which format it found."""
    import sqlite3

    (tmp_path / "data").mkdir()
    connection = sqlite3.connect(tmp_path / "data" / "pluto.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ServerError, match="format 99"), running(tmp_path / "data"):
        pass


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    """A folder given by mistake is neither used nor changed, its mode included."""
    (tmp_path / "thesis.tex").write_text("")
    tmp_path.chmod(0o755)
    with pytest.raises(ServerError, match="not empty"), running(tmp_path):
        pass
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_the_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Also when that one is killed."""
    code = (
        "import time; from pathlib import Path; from wandb_compat.server.serve import Running;"
        f"print(Running(Path({str(tmp_path / 'data')!r})).url, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    url = parent.stdout.readline().strip()
    assert requests.get(f"{url}/healthz", timeout=60).status_code == 200
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            requests.get(f"{url}/healthz", timeout=60)
        except requests.ConnectionError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the server still answers")


def test_an_upload_cut_short_leaves_the_old_file(tmp_path: Path) -> None:
    """A file changes only when all its bytes are there, and no half file stays behind."""
    entry = {"fileName": "a.bin", "fileSize": 10, "fileType": "bin", "time": 1, "logName": "log", "step": 0}
    with running(tmp_path / "data") as server:
        api = Api(server)
        run = api.create("p")
        url = api.presign(run, entry).json()["log"][0]["a.bin"]
        assert requests.put(url, data=b"0123456789", timeout=60).status_code == 200
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            path = url.removeprefix(server.url)
            connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 10\r\n\r\nabc".encode())
            time.sleep(0.2)
        [listed] = api.get("/api/runs/files", runId=run).json()["files"]
        assert requests.get(listed["url"], timeout=60).content == b"0123456789"
        server.stop()
        assert len([path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]) == 1
        assert (tmp_path / "data" / "server.log").read_text() == ""


def test_the_environment_names_all_four_services(tmp_path: Path) -> None:
    """No client may fall back to the public cloud for one of them."""
    with running(tmp_path / "data") as server:
        environment = server.environment()
        assert {environment[f"PLUTO_URL_{name}"] for name in ("APP", "API", "INGEST", "PY")} == {server.url}
        assert environment["PLUTO_API_KEY"] == server.key
        assert "127.0.0.1" in environment["NO_PROXY"]
        assert os.environ.get("PLUTO_URL_PY") is None

"""A server that is away, slow or hostile costs neither time nor rows."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.helpers import warm_python
from tests.helpers.server_state import Script, Server

LOOP = """
import time, wandb
with wandb.init(id="abc") as run:
    for step in range(200):
        run.log({"loss": step})
        time.sleep(0.001)
"""

# The same, but the run ends only once the uploader has noticed that the server is away, on a slow machine too.
NOTICED_LOOP = (
    LOOP
    + """
    status = pathlib.Path(run.dir).parent / "journal" / "uploader.json"
    while not (status.exists() and b"cannot be reached" in status.read_bytes()):
        time.sleep(0.05)
"""
).replace("import time", "import pathlib, time")

AWAY = "http://127.0.0.1:9"  # the discard port: no server listens
AWAY_URLS = {f"PLUTO_URL_{name}": AWAY for name in ("APP", "API", "INGEST", "PY")}


def sync(folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Send what a run folder holds, as the message at the run's end says."""
    command = [sys.executable, "-m", "wandb_compat", "sync", str(folder)]
    return warm_python.run(command, env=environment, timeout=60)


def test_a_server_that_is_away_costs_one_message_and_no_row(
    script: Script, server: Server, project: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """Away during the whole run: nothing raises, one warning is printed, and `sync` delivers every row with
    its true time."""
    began = time.time()
    done = script(NOTICED_LOOP, **AWAY_URLS)
    ended = time.time()
    assert 1 <= done.stderr.count("cannot be reached") <= 2  # when it is noticed, and in the outcome
    assert "200 rows are not on the Pluto server yet" in done.stderr
    assert "wandb-compat sync" in done.stderr
    time.sleep(1)
    delivered = sync(tmp_path / "work" / "wandb" / "latest-run", environment)
    assert delivered.returncode == 0, delivered.stdout + delivered.stderr
    run = server.run(project)
    rows = server.metrics(project, run["id"], "loss")
    assert [row["value"] for row in rows] == list(range(200))
    times = [requests_time(row["time"]) for row in rows]
    assert began - 1 <= times[0] <= times[-1] <= ended + 1
    assert run["status"] == "COMPLETED"


def requests_time(text: str) -> float:
    """Return the seconds since the epoch of a server's UTC time."""
    from datetime import datetime, timezone

    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


class Proxy:
    """A proxy in front of the real server that can be shut, made slow, or lose answers."""

    def __init__(self, target: str) -> None:
        self.fault: str | None = None
        self.calls: list[tuple[str, int]] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = proxy.fault
                if fault == "500":
                    self._answer(500, b'{"error":"storm"}')
                    return
                if fault == "expired":
                    self._answer(401, b'{"error":"Unauthorized","message":"API key has expired"}')
                    return
                if fault == "429":
                    self._answer(429, b"{}", {"Retry-After": "0.2"})
                    return
                if fault == "422" and self.path.startswith("/ingest/") and b"poison" in body:
                    self._answer(422, b'{"message":"bad line"}')
                    return
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
                answer = requests.request(self.command, target + self.path, data=body, headers=headers, timeout=30)
                proxy.calls.append((self.path, len(body)))
                if fault == "lose":  # the server has it, the client gets no answer
                    self.close_connection = True
                    self.connection.close()
                    return
                self._answer(answer.status_code, answer.content)

            def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = _pass

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy in front of the session's server."""
    made = Proxy(server.url)
    yield made
    made.close()


@pytest.fixture
def through(proxy: Proxy) -> dict[str, str]:
    """Variables that send a script through the proxy."""
    return {f"PLUTO_URL_{name}": proxy.url for name in ("APP", "API", "INGEST", "PY")}


@pytest.mark.parametrize("fault", ["500", "429", "lose"])
def test_a_fault_in_the_middle_heals(
    script: Script, server: Server, project: str, proxy: Proxy, through: dict[str, str], fault: str
) -> None:
    """Errors, refusals for a while and lost answers: every row is there once when the server is well again."""
    timer = threading.Timer(1.5, lambda: setattr(proxy, "fault", None))
    proxy.fault = fault
    timer.start()
    script(
        """
        import time, wandb
        with wandb.init(id="abc") as run:
            for step in range(1000):
                run.log({"loss": step})
                time.sleep(0.002)
        """,
        **through,
    )
    rows = server.metrics(project, server.run(project)["id"], "loss")
    assert [(row["step"], row["value"]) for row in rows] == [(step, step) for step in range(1000)]


def test_a_refused_line_costs_none_of_its_neighbours(
    script: Script, server: Server, project: str, proxy: Proxy, through: dict[str, str], tmp_path: Path
) -> None:
    """A line that the server will never take is left out alone, counted, and named in the uploader's log."""
    proxy.fault = "422"
    done = script(
        """
        import wandb
        with wandb.init() as run:
            for step in range(300):
                run.log({"poison" if step == 123 else "loss": step})
        """,
        **through,
    )
    run = server.run(project)
    expected = [step for step in range(300) if step != 123]
    assert [row["step"] for row in server.metrics(project, run["id"], "loss")] == expected
    assert "but 1 that it refused" in done.stderr
    assert "poison" in (tmp_path / "work/wandb/latest-run/logs/uploader.log").read_text()


def test_a_wrong_key_is_said_and_costs_no_row(
    script: Script, server: Server, project: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """401: one clear sentence; with the right key `sync` sends everything."""
    done = script(LOOP, PLUTO_API_KEY="mlpi_wrongwrongwrong0")
    assert "refuses the key" in done.stderr
    assert "wandb-compat login" in done.stderr
    time.sleep(0.5)
    assert sync(tmp_path / "work" / "wandb" / "latest-run", environment).returncode == 0
    assert len(server.metrics(project, server.run(project)["id"], "loss")) == 200


def test_a_key_that_expires_is_said_and_costs_no_row(
    script: Script,
    server: Server,
    project: str,
    environment: dict[str, str],
    proxy: Proxy,
    through: dict[str, str],
    tmp_path: Path,
) -> None:
    """A key that ends in the middle of a run: the server's reason is shown, and a renewed key sends what is left."""
    timer = threading.Timer(1.0, lambda: setattr(proxy, "fault", "expired"))
    timer.start()
    done = script(
        """
        import time, wandb
        with wandb.init(id="abc") as run:
            for step in range(1000):
                run.log({"loss": step})
                time.sleep(0.002)
        """,
        **through,
    )
    assert "API key has expired" in done.stderr
    assert "wandb-compat login" in done.stderr
    time.sleep(0.5)
    proxy.fault = None
    assert sync(tmp_path / "work" / "wandb" / "latest-run", environment | through).returncode == 0
    rows = server.metrics(project, server.run(project)["id"], "loss")
    assert [row["value"] for row in rows] == list(range(1000))


def test_a_killed_trainer_still_delivers(
    server: Server, project: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """SIGKILL: what was on disk arrives and the run ends FAILED, without anybody doing anything."""
    code = (
        "import time, wandb\nrun = wandb.init()\nstep = 0\n"
        "while True:\n    run.log({'loss': step}); step += 1\n    time.sleep(0.001)\n"
        "    if step == 500: print('go', flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run = server.ended(project)
    assert run["status"] == "FAILED"
    rows = server.metrics(project, run["id"], "loss")
    assert len(rows) >= 500
    assert [row["value"] for row in rows] == list(range(len(rows)))


def test_a_killed_uploader_is_started_again(script: Script, server: Server, project: str) -> None:
    """The uploader may die at any moment: another takes over, nothing is lost and nothing doubled."""
    script(
        """
        import json, os, pathlib, signal, time, wandb
        account = pathlib.Path("wandb/latest-run/journal/uploader.json")
        killed = [0]
        with wandb.init(id="abc") as run:
            for step in range(1500):
                run.log({"loss": step, "word": str(step)})
                time.sleep(0.002)
                if step in (500, 1000):
                    while not account.exists() or json.loads(account.read_text())["pid"] in killed:
                        time.sleep(0.01)
                    killed.append(json.loads(account.read_text())["pid"])
                    os.kill(killed[-1], signal.SIGKILL)
        """
    )
    run = server.run(project)
    assert [row["value"] for row in server.metrics(project, run["id"], "loss")] == list(range(1500))
    words = server.get("/api/embedded/data", projectName=project, runId=run["id"], logName="word")["data"]
    assert {int(one["data"]) for one in words} == set(range(1500))
    assert run["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("ending", "code", "status"),
    [
        ("pass", 0, "COMPLETED"),
        ("raise ValueError('x')", 1, "FAILED"),
        ("import sys; sys.exit(3)", 3, "FAILED"),
        ("import sys; sys.exit()", 0, "COMPLETED"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", -2, "TERMINATED"),
        ("run.finish(exit_code=1)", 0, "FAILED"),
        ("import os; time.sleep(0.2); os._exit(0)", 0, "FAILED"),
    ],
)
def test_the_end_of_the_script_is_the_state_of_the_run(
    script: Script, server: Server, project: str, ending: str, code: int, status: str
) -> None:
    """Success, exceptions, exit codes and Ctrl-C lead to different states, and the script's own exit code
    stays what it was."""
    script(f"import time, wandb\nrun = wandb.init()\nrun.log({{'a': 1}})\n{ending}\n", code=code)
    run = server.ended(project)
    assert run["status"] == status
    assert len(server.metrics(project, run["id"], "a")) == 1


@pytest.mark.parametrize("interrupt", ["default_int_handler", "SIG_IGN"])
def test_cancelling_on_the_server_stops_the_script(
    interrupt: str, server: Server, project: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """CANCELLED reaches the script as Ctrl-C would, and says why; one in a shell's background it ends as SIGTERM."""
    code = (
        f"import signal, time, wandb\nsignal.signal(signal.SIGINT, signal.{interrupt})\nrun = wandb.init(id='abc')\n"
        "try:\n    while True: run.log({'a': 1}); time.sleep(0.05)\nfinally:\n    print('cleaned up', flush=True)\n"
    )
    environment = {**environment, "WANDB_COMPAT_HEARTBEAT": "0.2"}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not server.get("/api/runs/list", projectName=project)["runs"] and time.monotonic() < deadline:
        time.sleep(0.1)
    run = server.run(project)
    body = {"runId": run["id"], "status": "CANCELLED", "statusMetadata": None, "statusUpdated": None}
    answer = requests.post(
        f"{server.url}/api/runs/status/update", json=body, headers={"Authorization": f"Bearer {server.key}"}, timeout=10
    )
    answer.raise_for_status()
    output, errors = process.communicate(timeout=30)
    assert ("cleaned up" in output) == (interrupt != "SIG_IGN")
    assert "cancelled on the Pluto server" in errors
    assert process.returncode == (-signal.SIGTERM if interrupt == "SIG_IGN" else -signal.SIGINT)
    assert server.run(project)["status"] == "CANCELLED"


def test_the_account_tells_the_uploader_is_gone(script: Script, tmp_path: Path) -> None:
    """After a good end no uploader is left behind, once it has verified the run."""
    script(LOOP)
    account = json.loads((tmp_path / "work/wandb/latest-run/journal/uploader.json").read_text())
    assert account["phase"] == "done"
    deadline = time.monotonic() + 60  # it outlives the script while it verifies what the server has stored
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(account["pid"], 0)
            time.sleep(0.1)
    assert "Fatal" not in (tmp_path / "work/wandb/latest-run/logs/uploader.log").read_text()

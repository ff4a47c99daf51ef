"""What three clients lose in the same faults: `python -m bench.losses [PYTHON_WITH_REAL_WANDB]`.

Each logs a row a millisecond; after two seconds a process is killed. Counted are rows that `log` had accepted and those
that can be read afterwards: on the server, for the real wandb (offline) in its transaction log.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import requests

from wandb_compat.server.serve import Running, running

LOOP = """
import os, time
findings = os.open("rows_written", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
step = 0
while not os.path.exists("enough"):
    log(step)
    os.write(findings, b".")
    step += 1
    time.sleep(0.001)
finish()
"""
CLIENTS = {
    "wandb-compat": "import wandb\nrun = wandb.init(id='r')\nlog = lambda n: run.log({'loss': n})\n"
    "finish = run.finish\n",
    "pluto-ml": "import pluto\nop = pluto.init(project=os.environ['WANDB_PROJECT'], name='r')\n"
    "log = lambda n: op.log({'loss': n}, step=n)\nfinish = op.finish\n",
    "wandb": "import wandb\nrun = wandb.init(id='r', mode='offline')\nlog = lambda n: run.log({'loss': n})\n"
    "finish = run.finish\n",
}
# The log is a LevelDB log: blocks of 32 KiB, in them pieces of records, behind a separate header.
READ = """
import glob, struct
from wandb.proto import wandb_internal_pb2
(path,) = glob.glob("wandb/*run-*/run-*.wandb")
data = open(path, "rb").read()
place, record, rows = 7, b"", 0
while place + 7 <= len(data):
    if 32768 - place % 32768 < 7:
        place += 32768 - place % 32768
        continue
    size, kind = struct.unpack_from("<HB", data, place + 4)
    if kind == 0 or place + 7 + size > len(data):
        break
    record += data[place + 7 : place + 7 + size]
    place += 7 + size
    if kind in (1, 4):
        entry = wandb_internal_pb2.Record()
        entry.ParseFromString(record)
        rows += entry.WhichOneof("record_type") == "history"
        record = b""
print(rows)
"""
AWAY = {f"PLUTO_URL_{name}": "http://127.0.0.1:9" for name in ("APP", "API", "INGEST", "PY")}


def on_server(server: Running, project: str) -> int:
    """Return how many rows a project has on the server."""
    headers = {"Authorization": f"Bearer {server.key}"}
    listed = requests.get(f"{server.url}/api/runs/list", params={"projectName": project}, headers=headers, timeout=10)
    count = 0
    for run in listed.json().get("runs", []):
        query = {"projectName": project, "runId": run["id"], "logName": "loss"}
        answer = requests.get(f"{server.url}/api/runs/statistics", params=query, headers=headers, timeout=10).json()
        count += sum(metric["count"] for metric in answer.get("metrics", []))
    return count


def settled(count: Callable[[], int], seconds: float = 8) -> int:
    """Return a count once it has not changed for some seconds."""
    last, since = count(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.5)
        if (now := count()) != last:
            last, since = now, time.monotonic()
    return last


def lose(client: str, fault: str, python: str, server: Running) -> tuple[int, int]:
    """Return (rows that `log` had taken, rows that can be read afterwards)."""
    project = f"{client}-{fault}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.py").write_text("import os\n" + CLIENTS[client] + LOOP)
        environment = {**os.environ, **server.environment(), "WANDB_PROJECT": project, "WANDB_SILENT": "true"}
        if client != "wandb":
            environment["DISABLE_WANDB_LOGGING"] = "true"
        if fault == "server away at start":
            environment.update({**AWAY, "WANDB_COMPAT_LINGER": "0"})  # no uploader is in the way of `sync`
        process = subprocess.Popen(
            [python, "train.py"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        helpers: list[psutil.Process] = []
        deadline = time.monotonic() + 60
        while not (folder / "rows_written").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(2)
        if process.poll() is None:
            helpers = psutil.Process(process.pid).children(recursive=True)
            if fault == "trainer killed":
                process.kill()
            elif fault == "helper killed":
                for helper in helpers:
                    helper.send_signal(signal.SIGKILL)
                time.sleep(2)
        (folder / "enough").touch()
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        findings = (folder / "rows_written").stat().st_size if (folder / "rows_written").exists() else 0
        if client == "wandb":
            time.sleep(5)
            done = subprocess.run([python, "-c", READ], cwd=folder, capture_output=True, text=True, check=True)
            return findings, int(done.stdout)
        if client == "wandb-compat":
            command = [python, "-m", "wandb_compat", "sync"]
            if fault == "server away at start":
                back = {**environment, **server.environment()}
                time.sleep(2)
                subprocess.run(command, cwd=folder, env=back, capture_output=True, timeout=120, check=True)
        return findings, settled(lambda: on_server(server, project))


def main() -> None:
    """Print one line of a table for each fault."""
    real = sys.argv[1] if len(sys.argv) > 1 else None
    clients = [name for name in CLIENTS if name != "wandb" or real]
    print("| rows logged / kept |", " | ".join(clients), "|")
    with tempfile.TemporaryDirectory() as data, running(Path(data) / "data") as server:
        for fault in ("trainer killed", "helper killed", "server away at start"):
            cells = []
            for client in clients:
                if client == "wandb" and fault == "server away at start":
                    cells.append("offline")
                    continue
                python = real if client == "wandb" and real else sys.executable
                findings, kept = lose(client, fault, python, server)
                cells.append(f"{findings} / {kept}")
            print(f"| {fault} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()

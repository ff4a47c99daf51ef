"""How `finish` waits for the uploader: what is left is shown, Ctrl-C leaves it alone, and `status` finds both."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers import warm_python
from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Server
from tests.process.faults.test_kill import start

SCRIPT = """
import sys, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
for step in range(2000):
    run.log({"loss": step})
print("finishing", flush=True)
run.finish()
print("went on", flush=True)
"""


@pytest.fixture
def slow(proxy: FaultProxy) -> FaultProxy:
    """A proxy in front of the server behind which rows are answered late."""
    proxy.fault, proxy.where, proxy.delay = "late", "/ingest/metrics", 8.0
    return proxy


def test_ctrl_c_leaves_the_rest_to_the_uploader(
    server: Server, project: str, environment: dict[str, str], tmp_path: Path, slow: FaultProxy
) -> None:
    """Lines tell what is left and the budget; after Ctrl-C the script goes on, the command is printed, all
    rows arrive."""
    folder = tmp_path / "work"
    process = start(SCRIPT, folder, {**environment, **slow.environment(), "WANDB_COMPAT_LINGER": "60"})
    assert process.stdout is not None
    assert process.stdout.readline() == "finishing\n"
    time.sleep(3)
    command = [sys.executable, "-m", "wandb_compat", "status"]
    listed = warm_python.run(command, cwd=tmp_path / "home", env=environment, timeout=60)
    assert str(folder) in listed.stdout  # found without being named: its uploader is at work
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "went on\n"), errors
    assert "sending the last rows to Pluto: 2000 rows" in errors and "30 s at most" in errors
    assert "2000 rows are not on the Pluto server yet; they are being sent in the background" in errors
    assert "wandb-compat sync" in errors
    run = server.ended(project)
    assert run["status"] == "COMPLETED"
    assert [row["value"] for row in server.metrics(project, run["id"], "loss")] == list(range(2000))


def test_ctrl_c_twice_exits_at_once_and_a_terminal_gets_a_bar(
    server: Server, project: str, environment: dict[str, str], tmp_path: Path, slow: FaultProxy
) -> None:
    """The second Ctrl-C is the script's own; the bar names rows, bytes and the budget."""
    folder = tmp_path / "work"
    folder.mkdir()
    text = SCRIPT.replace('print("went on", flush=True)', "import time; time.sleep(600)")
    (folder / "train.py").write_text(text)
    terminal, end = pty.openpty()
    environment = {**environment, **slow.environment(), "COLUMNS": "160", "TERM": "xterm"}
    environment["WANDB_COMPAT_LINGER"] = "60"
    process = subprocess.Popen(
        [sys.executable, "train.py"], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=end, text=True
    )
    os.close(end)
    assert process.stdout is not None
    assert process.stdout.readline() == "finishing\n"
    time.sleep(3.5)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.7)
    process.wait(120)  # which a script that waits for the uploader or goes on would not keep
    assert process.returncode == -signal.SIGINT
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        shown += piece
        if not piece:
            break
    os.close(terminal)
    for word in (b"2000 rows, 0.", b" MB left", b"of 30 s; Ctrl-C"):
        assert word in shown
    assert server.ended(project)["status"] == "COMPLETED"

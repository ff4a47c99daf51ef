"""A script that trains beside a test of the server's faults, and what the server must have of it in the end."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from tests.helpers import warm_python
from tests.helpers.server_state import Server

COMPRESSED = str(Path(__file__).parent / "startup" / "short_waits")  # on PYTHONPATH: an uploader's waits are short
ROWS = 400  # a quarter before each pause of the script, and a quarter after the last
SCRIPT = f"""
import time, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
for step in range({ROWS}):
    run.log({{"loss": step / 7, "word": str(step)}})
    time.sleep(0.001)
    if step % {ROWS // 4} == {ROWS // 4 - 1} and step < {ROWS} - 1:
        print("pause", flush=True)
        input()
run.finish()
"""


class Training:
    """A script that runs beside the test; it waits where it asks for a line."""

    def __init__(self, text: str, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.environment = environment
        self.errors = folder / "stderr"
        (folder / "train.py").write_text(textwrap.dedent(text))
        with self.errors.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "train.py"],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )

    @property
    def home(self) -> Path:
        """The run folder."""
        return self.folder / "wandb" / "latest-run"

    def wait_for_output(self, word: str) -> None:
        """Wait until the script prints a word."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"never printed {word}: {self.errors.read_text()}")

    def go(self) -> None:
        """Let the script go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self, seconds: float = 90) -> str:
        """Wait until the script has ended well; return its stderr."""
        self.process.communicate("\n" * 4, timeout=seconds)
        output = self.errors.read_text()
        assert self.process.returncode == 0, output
        assert "Traceback" not in output
        return output


Train = Callable[..., Training]


def sync(training: Training, environment: dict[str, str]) -> None:
    """Send what a run folder holds, as the message at the run's end says, once no uploader works on it."""
    deadline = time.monotonic() + 60
    while True:
        command = [sys.executable, "-m", "wandb_compat", "sync", str(training.home)]
        command += ["--to", environment["PLUTO_URL_API"]]  # the run was logged through a proxy
        done = warm_python.run(command, env=environment, timeout=120)
        if done.returncode == 0 or "has all of it" in done.stderr:  # an uploader has brought it there already
            return
        assert "another uploader" in done.stdout + done.stderr and time.monotonic() < deadline, (
            done.stdout + done.stderr
        )
        time.sleep(0.2)


def all_there(server: Server, project: str, rows: int = ROWS) -> None:
    """Assert that the project's only run has ended well and that the server has exactly what the script has logged."""
    run = server.ended(project)
    assert run["status"] == "COMPLETED"
    numbers = server.metrics(project, run["id"], "loss")
    assert [(row["step"], row["value"]) for row in numbers] == [(step, step / 7) for step in range(rows)]
    words = server.get("/api/embedded/data", projectName=project, runId=run["id"], logName="word", limit=10000)["data"]
    assert [(word["step"], word["data"]) for word in words] == [(step, str(step)) for step in range(rows)]
    assert {key["logName"]: key["logType"] for key in run["logNames"]} == {"loss": "METRIC", "word": "DATA"}

"""A run may begin in a handler of `atexit`."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import atexit, wandb
def end():
    with wandb.init(project="p", mode="offline") as run:
        run.log({"x": 1})
atexit.register(end)
"""


def test_run_in_an_exit_handler(tmp_path: Path) -> None:
    """The run is written, and no message blames the system: Python 3.12 and later start no threads there."""
    line = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "thread" not in done.stderr
    assert list(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))

"""Connections of `wandb.Api` are closed when the process ends."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import wandb
api = wandb.Api()
assert api.default_entity
try:
    len(api.runs("no-such-project"))
except ValueError:
    pass
"""


def test_no_socket_is_left_open(folder: Path, environment: dict[str, str]) -> None:
    """Python's development mode, which reports sockets that were not closed, reports none."""
    line = [sys.executable, "-X", "dev", "-c", SCRIPT]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "ResourceWarning" not in done.stderr

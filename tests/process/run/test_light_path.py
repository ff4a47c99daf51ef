"""What a short run loads: every start of a script, sweep or test pays for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wandb_compat.server.serve import Running

HEAVY = ("pydantic", "pydantic_core", "requests", "urllib3", "email", "argparse", "numpy", "yaml", "rich", "httpx")
SCRIPT = f"""
import sys
before = set(sys.modules)  # what start-up files of other packages have imported
import wandb
with wandb.init(project="light", config={{"lr": 0.1, "layers": [1, 2]}}, tags=["a"], name="n") as run:
    for i in range(10):
        run.log({{"loss": 1 / (i + 1), "epoch": i, "note": "text"}})
    run.summary["best"] = 3
print([name for name in {HEAVY!r} if name in sys.modules.keys() - before])
"""


@pytest.mark.parametrize("mode", ["offline", "online", "disabled"])
def test_a_run_of_plain_values_loads_no_large_library(tmp_path: Path, pluto_server: Running, mode: str) -> None:
    """Settings are checked without pydantic, and only the uploader speaks HTTP."""
    environment = {**os.environ, **pluto_server.environment(), "WANDB_MODE": mode, "WANDB_COMPAT_FINISH_BUDGET": "60"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stdout

"""The uploader goes without the trainer's large libraries, and still takes from both sides only what has sense."""

import subprocess
import sys


def test_the_uploader_imports_neither_pydantic_nor_numpy() -> None:
    """Every run has such a process beside it: what these take of memory and time, each run would pay again."""
    script = (
        "import sys; before = set(sys.modules)\n"  # what start-up files of other packages have imported
        "import wandb_compat.uploader.__main__\n"
        "print(sorted({'numpy', 'pydantic', 'pydantic_core'} & (sys.modules.keys() - before)))"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output == "[]\n"

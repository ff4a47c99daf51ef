"""Yes and no in environment values: the same words for every reader."""

import subprocess
import sys


def test_importing_it_loads_nothing_else() -> None:
    """It is imported at interpreter start, so it brings no other module."""
    code = (
        "import sys, wandb_compat.config; before = set(sys.modules); import wandb_compat.config.truthy; "
        "print(set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'wandb_compat.config.truthy'}"

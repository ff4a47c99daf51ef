"""Makes wandb_compat importable when `PYTHONPATH` leads to this `wandb`, and marks this package as not the real one."""

import sys
from pathlib import Path

try:
    import wandb_compat  # noqa: F401
except ModuleNotFoundError:  # this file is wandb_compat/dropin/wandb/_bootstrap.py in the directory to add
    sys.path.append(str(Path(__file__).resolve().parents[3]))

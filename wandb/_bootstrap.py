"""Makes the engine importable for a `wandb` that `PYTHONPATH` has led to, and tells this package from the real one."""

import sys
from pathlib import Path

try:
    import wandb_compat  # noqa: F401
except ModuleNotFoundError:  # `python -S`: this file is wandb_compat/dropin/wandb/_bootstrap.py in the folder we need
    sys.path.append(str(Path(__file__).resolve().parents[3]))

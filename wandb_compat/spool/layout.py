"""Names of directories that several packages look for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

DUAL_DIR = "pluto"  # dual mode's run directory, inside the run directory of the real wandb


def run_dirs_beside(run_dir: Path) -> Iterator[Path]:
    """Yield the other run directories of the folder that a run directory is in."""
    pattern = f"*run-*/{DUAL_DIR}" if run_dir.name == DUAL_DIR else "*run-*"
    root = run_dir.parent.parent if run_dir.name == DUAL_DIR else run_dir.parent
    return (other for other in root.glob(pattern) if other != run_dir and not other.is_symlink())

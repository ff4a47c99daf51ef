"""Finds runs that ended on this machine a moment ago, whose last rows the server may not have stored yet."""

from __future__ import annotations

import os
from pathlib import Path

from wandb_compat.spool.status import State

# Seconds after its end within which a run's rows may be missing: a Pluto server acknowledges rows at once, and stores
# them every 5 s (2.6 to 5.4 s measured, 6 s until they can be read).
STORING_TIME = 8.0

_run_dirs: dict[str, Path] = {}  # of runs of this process, by id


def remember(id: str, run_dir: Path) -> None:
    """Keep the directory of a run of this process, which can be anywhere."""
    _run_dirs[id] = run_dir


def storing_until(id: str, number: int) -> float | None:
    """Return the time until which rows of a run may be missing on the server.

    Args:
        id: wandb's id of the run.
        number: its number on the Pluto server.

    Returns:
        Seconds since the epoch, or None if the run has not ended on this machine.
    """
    ends = []
    for run_dir in _candidates(id):
        state = State.read(run_dir)
        if state is not None and state.phase in ("done", "delivered") and state.run == number:
            ends.append(State.path(run_dir).stat().st_mtime + STORING_TIME)
    return max(ends, default=None)


def _candidates(id: str) -> list[Path]:
    """Return the run directories of an id: that of this process, and those where wandb puts them by default."""
    found = [_run_dirs[id]] if id in _run_dirs else []
    base = Path(os.environ.get("WANDB_DIR") or Path.cwd())
    for parent in (base / "wandb", base / ".wandb"):
        try:
            entries = list(parent.iterdir())  # ids may have any characters: no glob
        except OSError:
            continue
        found += [entry for entry in entries if entry.name.endswith(f"-{id}") and "run-" in entry.name]
    return [path for run_dir in found for path in (run_dir, run_dir / "pluto")]

"""Which releases of the real wandb dual mode is tested with."""

from __future__ import annotations

import re

# Minor releases, the oldest first; the tests of the mirror run with each of them. Those between are served alike.
TESTED = ("0.18", "0.21", "0.25", "0.31")


def warning(version: str) -> str | None:
    """Return what to tell the user of a release, or None for one between the oldest and the newest that is tested."""
    found = _minor(version)
    if found is not None and _minor(TESTED[0]) <= found <= _minor(TESTED[-1]):  # type: ignore[operator]
        return None
    return (
        f"Pluto: wandb {version} is not among the releases that dual mode is tested with ({TESTED[0]} to {TESTED[-1]});"
        " everything that can be copied is copied. `wandb-compat compare` shows whether a run has arrived completely"
    )


def _minor(version: str) -> tuple[int, int] | None:
    match = re.match(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else None

"""A run as it is unpickled in a process that was not forked from the run's."""

from __future__ import annotations

from typing import Any

from wandb import _absent
from wandb.sdk.lib import active_runs


class ForeignRun:
    """May be held, as datasets and trainers in spawned workers do; every use says that the run is out of reach."""

    def __init__(self, attach_id: str) -> None:
        self._attach_id = attach_id

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _absent.refuse(f"wandb.Run.{name} in a spawned process")


def unpickle(attach_id: str) -> Any:
    """Return the run itself in its own process and in those forked from it, else a stand-in."""
    return active_runs.find(attach_id) or ForeignRun(attach_id)

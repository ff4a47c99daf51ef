"""What weave asks wandb for: which run is active."""

from __future__ import annotations

from dataclasses import dataclass

from wandb._native.run import active_runs


@dataclass(frozen=True)
class RunPath:
    """The path of a run."""

    entity: str
    project: str
    run_id: str


def active_run_path() -> RunPath | None:
    """Return the path of the active run, or None when no run is active or its entity is not known."""
    run = active_runs.latest()
    if run is None or not (run.entity and run.project and run.id):
        return None
    return RunPath(run.entity, run.project, run.id)


__all__ = ["RunPath", "active_run_path"]

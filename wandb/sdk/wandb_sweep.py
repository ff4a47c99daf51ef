"""`wandb.sweep` and `wandb.controller`: create a sweep, and control one by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wandb import env
from wandb._native.sweeps import search, trial_log
from wandb.errors import UsageError
from wandb.wandb_controller import _WandbController


def sweep(
    sweep: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
    entity: str | None = None,
    project: str | None = None,
    prior_runs: list[str] | None = None,
) -> str:
    """Create a sweep, which agents then search; nothing runs yet.

    In Pluto: the sweep is stored on disk, in `PLUTO_DIR/sweeps` (`~/.pluto/sweeps`), where `pluto.agent` finds it too.
    Each of its runs has the tag `sweep:ID` and the whole definition in `config["wandb"]["sweep"]`.

    Args:
        sweep: a dict with `method` (`grid`, `random` or `bayes`, which needs optuna), `parameters`, `metric` (name and
            goal), and what else wandb knows: `early_terminate`, `run_cap`, `program`, `command`, `name`. Or a function
            that returns one.
        entity: kept for the runs.
        project: where the runs go; by default that of the dict, then WANDB_PROJECT.
        prior_runs: ids of earlier runs in that project, from whose results the search learns.

    Returns:
        The sweep's id.

    Raises:
        wandb.UsageError: the dict does not say what to search, or how.

    Example:
        >>> id = wandb.sweep({"method": "grid", "parameters": {"lr": {"values": [0.1, 0.01]}}}, project="demo")
    """
    definition = dict(sweep() if callable(sweep) else sweep)
    search.check(definition)
    project = project or definition.get("project")
    if entity:
        env.set_entity(entity)
    if project:
        env.set_project(project)
    made = trial_log.create(definition, project or env.get_project())
    if prior_runs:
        _learn(made, prior_runs)
    print("Create sweep with ID:", made.sweep)
    return made.sweep


def _learn(made: trial_log.TrialLog, runs: list[str]) -> None:
    from wandb.apis.public import Api

    metric, _ = search.objective(made.definition())
    with made.locked() as kept:
        for name in runs:
            run = Api().run(f"{made.project()}/{name}")
            value = search.result(run.summary, metric)
            if value is None:
                raise UsageError(f"The prior run {name} has no {metric!r} in its summary to learn from")
            kept["trials"].append(trial_log.Trial(run.id, dict(run.config), run.state, value, host="", pid=0))


def controller(
    sweep_id_or_config: str | Mapping[str, Any] | None = None, entity: str | None = None, project: str | None = None
) -> _WandbController:
    """Return a controller, with which a program decides itself what a sweep tries.

    Args:
        sweep_id_or_config: the id of a sweep, the definition of a new one, or None to configure it step by step.
        entity: kept for the runs.
        project: where the runs go.
    """
    if entity:
        env.set_entity(entity)
    return _WandbController(sweep_id_or_config, entity=entity, project=project)

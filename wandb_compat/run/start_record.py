"""Builds the first record of a run from its settings, for native runs and for dual mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wandb_compat.config.settings import Settings
from wandb_compat.run import distributed, environment
from wandb_compat.run.identity import RUN_ID, TARGET
from wandb_compat.run.server_fields import cut_name
from wandb_compat.spool.notifier import Notifier
from wandb_compat.spool.records import Start
from wandb_compat.wire.names import project_name


def build(
    run_id: str,
    own: Settings,
    settings: Any,
    *,
    name: str,
    project: str,
    started: float,
    config: dict[str, Any],
    tags: list[str],
    sweep: Mapping[str, Any] | None,
    metadata: Mapping[str, Any],
    notifier: Notifier,
) -> Start:
    """Return the start record of a run.

    Args:
        run_id: wandb's id of the run.
        own: our settings; PLUTO_RUN_ID names another run of the server to write to.
        settings: the run's, of the native API or of the real wandb.
        name: the run's name in full.
        project: the Pluto project.
        started: when the run has begun, in seconds since the epoch.
        config: the script's configuration as plain values; it gets a key `wandb` with what has no field on the server.
        tags: as the server stores them.
        sweep: what the configuration shows of the sweep, if any.
        metadata: of program and machine.
        notifier: warns of a name that is too long.
    """
    stored_name = cut_name(name, notifier)
    extra = {
        "name": name if stored_name != name else None,
        "project": project if project_name(project) != project else None,
        "notes": settings.run_notes,
        "entity": settings.entity,
        "sweep": sweep,
    }
    if extra := {key: value for key, value in extra.items() if value}:
        config["wandb"] = {**(config["wandb"] if isinstance(config.get("wandb"), dict) else {}), **extra}
    if project_name(project) != project:
        notifier.info(f"Pluto stores project {project!r} as {project_name(project)!r}", once="project name")
    grouped = bool(settings.run_group or sweep or getattr(settings, "mode", None) == "shared")
    if hint := None if own.pluto_run_id else distributed.separate_runs_hint(run_id, grouped):
        notifier.info(hint, once="separate runs")
    metadata = {**metadata, RUN_ID: run_id}
    if own.pluto_run_id:
        metadata[TARGET] = own.pluto_run_id
    rank = distributed.own_rank() if own.pluto_run_id else None
    fork = getattr(settings, "fork_from", None)
    return Start(
        time=int(started * 1000),
        project=project,
        id=run_id,
        name=stored_name,
        target=own.pluto_run_id,
        entity=settings.entity,
        config=config,
        tags=tags,
        system_metrics=not environment.setting(settings, "disable_stats")
        and (rank is None or distributed.first_of_machine())
        and getattr(settings, "x_primary", True),
        metadata=metadata,
        rank=rank,
        fork=(fork.run, int(fork.value)) if fork else None,
        ends=getattr(settings, "x_update_finish_state", True),
    )

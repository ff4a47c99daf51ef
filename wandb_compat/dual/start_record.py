"""The first record of a run of the real wandb, and its configuration and tags as Pluto stores them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from wandb_compat.config.settings import Settings
from wandb_compat.convert.json_values import json_value
from wandb_compat.run import environment, start_record
from wandb_compat.run.server_fields import server_tags
from wandb_compat.spool.notifier import Notifier
from wandb_compat.spool.records import Start

INTERNAL_KEYS = ("_wandb",)  # keys of the configuration and the summary that wandb keeps for itself


def start_of(run: Any, own: Settings, notifier: Notifier) -> Start:
    """Return the start record of a run of the real wandb.

    Args:
        run: the run.
        own: our settings.
        notifier: warns of names and tags that are cut.
    """
    settings = run._settings
    return start_record.build(
        run.id,
        own,
        settings,
        name=run.name or run.id,
        project=own.project(settings.project),
        started=run.start_time,
        config=public_config(run._config),
        tags=tags_of(run, notifier),
        sweep={"id": settings.sweep_id} if settings.sweep_id else None,
        metadata=environment.gather(settings, keep_arguments=own.keep_arguments),
        notifier=notifier,
    )


def public_config(config: Any) -> dict[str, Any]:
    """Return a configuration, a dict or wandb's own object, as plain values and without wandb's internal keys."""
    # wandb's `items` leaves out keys with a leading underscore, as Hydra's `_target_`; its record has them.
    values = getattr(config, "_items", None)
    if not isinstance(values, dict):
        values = dict(config.items())
    return {str(key): json_value(value) for key, value in values.items() if key not in INTERNAL_KEYS}


def tags_of(run: Any, notifier: Notifier) -> list[str]:
    """Return the tags of a run as the server stores them; warn when it takes fewer."""
    fields = SimpleNamespace(run_tags=run.tags, run_group=run.group, run_job_type=run.job_type, sweep_id=run.sweep_id)
    return server_tags(fields, notifier)

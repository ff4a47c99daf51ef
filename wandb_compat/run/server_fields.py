"""Names, tags and summaries in the form and within the limits of a Pluto server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wandb_compat.config.limits import NAME_LIMIT, TAG_LIMIT
from wandb_compat.spool.bounded import bounded
from wandb_compat.spool.notifier import Notifier
from wandb_compat.wire.json_numbers import finite_document


def cut_name(name: str, notifier: Notifier) -> str:
    """Return a run's name cut to the length that a server stores; warn when it is cut."""
    if len(name) > NAME_LIMIT:
        notifier.warning(
            f"The run's name has {len(name)} characters and Pluto stores {NAME_LIMIT}: it is cut there,"
            ' and kept in full in config["wandb"]["name"].',
            once="name length",
        )
    return name[:NAME_LIMIT]


def server_tags(settings: Any, notifier: Notifier) -> list[str]:
    """Return the tags of a run, with its group, job type and sweep in front; warn when a server takes fewer."""
    marks = {"group": settings.run_group, "job_type": settings.run_job_type, "sweep": settings.sweep_id}
    own = [f"{kind}:{value}" for kind, value in marks.items() if value]
    given = list(settings.run_tags or ())
    if settings.run_group and (others := [tag for tag in given if tag.startswith("group:") and tag not in own]):
        notifier.warning(
            f"Pluto stores one tag that begins with `group:`, which is that of the run's group {settings.run_group!r}:"
            f" {', '.join(others)} is left out.",
            once="group tags",
        )
        given = [tag for tag in given if tag not in others]
    tags = list(dict.fromkeys((*own, *given)))
    if len(tags) > TAG_LIMIT:
        notifier.warning(
            f"The run has {len(tags)} tags (its group, job type and sweep are tags too) and Pluto stores {TAG_LIMIT}:"
            f" {', '.join(tags[TAG_LIMIT : TAG_LIMIT + 3])}… are left out.",
            once="tags",
        )
    return tags[:TAG_LIMIT]


def published_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a summary as JSON: NaN and infinities as their names, as wandb stores them."""
    return {key: finite_document(value) for key, value in bounded(summary).items()}

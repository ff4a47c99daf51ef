"""Payloads of the contract: what is sent to create and close a run, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from wandb_compat._version import __version__
from wandb_compat.config.limits import NAME_LIMIT
from wandb_compat.wire.display_ids import is_display_id, is_run_number
from wandb_compat.wire.exact_numbers import with_exact
from wandb_compat.wire.json_numbers import finite_document
from wandb_compat.wire.names import project_name, run_name, stored_tags
from wandb_compat.wire.packed_config import packed
from wandb_compat.wire.text import clean_json

if TYPE_CHECKING:
    from wandb_compat.spool.records import RunState, Start

Status = Literal["RUNNING", "COMPLETED", "FAILED", "TERMINATED", "CANCELLED"]
STATUS: dict[RunState, Status] = {"completed": "COMPLETED", "failed": "FAILED", "terminated": "TERMINATED"}

_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def document(value: Any) -> str:
    """Return strict JSON text of a config; NaN and infinities, which the server would refuse, become their names."""
    return clean_json(finite_document(value), allow_nan=False)


def config_values(values: Mapping[str, Any], known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return config values as JSON can hold them, with the exact form of numbers that the server would change.

    Args:
        values: to merge into a run's config.
        known: as `with_exact` takes it.
    """
    document: dict[str, Any] = json.loads(clean_json(with_exact(finite_document(values), known), allow_nan=False))
    return document


def config_document(
    values: Mapping[str, Any], stored: Mapping[str, Any], columns: Collection[str] | None = None
) -> str:
    """Return JSON text of config values in the form in which they are stored; see `packed`.

    Our part comes first: Pluto's page lists the newest keys only.
    """
    document = packed(values, stored, columns)
    ours = {"wandb": document.pop("wandb")} if "wandb" in document else {}
    return clean_json({**ours, **document}, allow_nan=False)


def create_body(start: Start, parent: int | None = None, project: str | None = None) -> dict[str, Any]:
    """Return the body of `POST /api/runs/create` for a run's first record.

    Args:
        start: the record.
        parent: the server's number of the run to fork from.
        project: the project's name on the server, where it is not that of the record.
    """
    body = {
        "runName": run_name(start.name),
        "projectName": project or project_name(start.project),
        "externalId": (start.target or start.id)[:NAME_LIMIT],
        "config": config_document({"wandb": {}, **config_values(start.config)}, {}) if start.config else None,
        "loggerSettings": document({"client": f"wandb-compat/{__version__}", "entity": start.entity}),
        "systemMetadata": document(start.metadata) if start.metadata else None,
        "tags": stored_tags(start.tags) or None,
        "createdAt": start.time,
    }
    if parent is not None and start.fork is not None:
        body |= {"forkRunId": parent, "forkStep": start.fork[1], "inheritConfig": False}
    return body


def resume_body(target: str) -> dict[str, Any] | None:
    """Return the body of `POST /api/runs/resume` for a PLUTO_RUN_ID that names a run of the server, else None."""
    if is_run_number(target):
        return {"runId": int(target)}
    if is_display_id(target):
        return {"displayId": target}
    return None


class Created(NamedTuple):
    """Answer to create and resume."""

    run: int
    url: str | None
    display_id: str | None
    project: str | None
    resumed: bool

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Created:
        """Parse an answer; numbers and flags may be texts.

        Raises:
            ValueError: it does not have the form of one.
        """
        run, resumed = answer.get("runId"), _FLAGS.get(str(answer.get("resumed", False)).lower())
        url, display_id, project = texts = [answer.get(name) for name in ("url", "displayId", "projectName")]
        if not isinstance(run, int | str) or not all(isinstance(one, str | None) for one in texts) or resumed is None:
            raise ValueError(f"no answer to create or resume: {answer}")
        return cls(int(run), url, display_id, project, resumed)

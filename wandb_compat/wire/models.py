"""Payloads of the contract: what is sent to create and close a run, and what comes back."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Literal, NamedTuple

from wandb_compat._version import __version__
from wandb_compat.config.limits import NAME_LIMIT, TAG_LIMIT
from wandb_compat.spool.records import RunState, Start, printable

Status = Literal["RUNNING", "COMPLETED", "FAILED", "TERMINATED", "CANCELLED"]
STATUS: dict[RunState, Status] = {"completed": "COMPLETED", "failed": "FAILED", "terminated": "TERMINATED"}

_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile(r"[0-9]+")
_DISPLAY_ID = re.compile(r"[A-Z0-9]{1,4}-[0-9]+")


def name(text: str) -> str:
    """Return a run or project name as the server stores it: printable ASCII, 255 characters at most."""
    return printable(text).strip()[:NAME_LIMIT].strip()


def tags(given: list[str]) -> list[str]:
    """Return tags as the server takes them: each once, 50 at most, one `group:` at most, the last one."""
    groups = [tag for tag in given if tag.startswith("group:")]
    kept = [tag for tag in dict.fromkeys(given) if tag not in groups[:-1]]
    if len(kept) > TAG_LIMIT and groups:  # the group is worth more than a fiftieth tag
        kept = [*[tag for tag in kept if tag != groups[-1]][: TAG_LIMIT - 1], groups[-1]]
    return kept[:TAG_LIMIT]


def document(value: Any) -> str:
    """Return strict JSON text of a config; NaN and infinities, which the server would refuse, become their names."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value).replace("inf", "Infinity").replace("nan", "NaN")
    return value


def create_body(start: Start, parent: int | None = None) -> dict[str, Any]:
    """Return the body of `POST /api/runs/create` for a run's first record.

    Args:
        start: the record.
        parent: the server's number of the run to fork from.
    """
    body = {
        "runName": name(start.name),
        "projectName": name(start.project),
        "externalId": (start.target or start.id)[:NAME_LIMIT],
        "config": document(start.config) if start.config else None,
        "loggerSettings": document({"client": f"wandb-compat/{__version__}", "entity": start.entity}),
        "systemMetadata": document(start.metadata) if start.metadata else None,
        "tags": tags(start.tags) or None,
        "createdAt": start.time,
    }
    if parent is not None and start.fork is not None:
        body |= {"forkRunId": parent, "forkStep": start.fork[1], "inheritConfig": False}
    return body


def resume_body(target: str) -> dict[str, Any] | None:
    """Return the body of `POST /api/runs/resume` for a PLUTO_RUN_ID that names a run of the server, else None."""
    if _NUMBER.fullmatch(target):
        return {"runId": int(target)}
    if _DISPLAY_ID.fullmatch(target):
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
        """Return what an answer says; numbers and flags may come as text.

        Raises:
            ValueError: it does not have the form of one.
        """
        run, resumed = answer.get("runId"), _FLAGS.get(str(answer.get("resumed", False)).lower())
        url, display_id, project = texts = [answer.get(name) for name in ("url", "displayId", "projectName")]
        if not isinstance(run, int | str) or not all(isinstance(one, str | None) for one in texts) or resumed is None:
            raise ValueError(f"no answer to create or resume: {answer}")
        return cls(int(run), url, display_id, project, resumed)

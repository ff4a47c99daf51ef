"""Translates a Pluto server's description of a run to wandb's: names, state, configuration, summary."""

from __future__ import annotations

import re
from typing import Any

from wandb_compat.run.identity import RUN_ID
from wandb_compat.wire.config_merge import REMOVED, without_nulls, without_removed
from wandb_compat.wire.exact_numbers import restored
from wandb_compat.wire.names import is_machine_metric

# Pluto's status -> wandb's state; `_failure` splits FAILED.
STATES = {"RUNNING": "running", "COMPLETED": "finished", "TERMINATED": "killed", "CANCELLED": "killed"}
ENDED = ("finished", "failed", "crashed", "killed", "preempted")
# Tags that represent fields of a wandb run.
MARKS = {"group": "group", "job_type": "jobType", "sweep": "sweepName"}
# What we and `pluto migrate` keep in `config["wandb"]`; whatever else is there is the user's own.
OWN = (
    *("artifacts", "custom_charts", "entity", "metrics", "name", "notes", "pinned_config_keys", "state", "summary"),
    *("project", "sweep", "url", "used_artifacts", REMOVED),
)
MIGRATED = re.compile(r"wandb::[^/]+/[^/]+/(.+)")
FOLDERS = {
    "image-file": "images",
    "audio-file": "audio",
    "video-file": "videos",
    "html-file": "html",
    "plotly-file": "plotly",
    "bokeh-file": "bokeh",
    "object3D-file": "object3D",
    "molecule-file": "molecule",
    "wb_trace_tree": "wb_trace_tree",
    "table-file": "table",
    "incremental-table-file": "table",
}
LISTS = {
    "images/separated": "image-file",
    "audio": "audio-file",
    "videos": "video-file",
    "html": "html-file",
    "object3D": "object3D-file",
    "molecule": "molecule-file",
}


def from_listing(row: dict[str, Any]) -> dict[str, Any]:
    """Return those of wandb's attributes of a run that the list of runs contains."""
    tags, marks = split_tags(row.get("tags") or [])
    attributes: dict[str, Any] = {
        "id": str(row["id"]),
        "tags": tags,
        "createdAt": row.get("createdAt"),
        "readOnly": False,
        "commit": None,
        "description": None,
        **{name: marks.get(mark) for mark, name in MARKS.items()},
    }
    if row.get("status") == "COMPLETED" and "import:wandb" not in tags:  # of others only the details are sure
        attributes["state"] = "finished"
    return attributes


def from_details(details: dict[str, Any]) -> dict[str, Any]:
    """Return wandb's attributes of a run from all that the server knows of it."""
    config = restored(details.get("config") or {})
    about = about_of(config)
    metadata = details.get("systemMetadata") or {}
    own_config = {key: value for key, value in config.items() if key != "wandb"}
    theirs = config.get("wandb")
    own_config = without_removed(own_config, about.get(REMOVED))
    left = {key: value for key, value in theirs.items() if key not in OWN} if isinstance(theirs, dict) else theirs
    if left:
        own_config["wandb"] = left
    summary = about.get("summary")
    return {
        **from_listing(details),
        "name": run_id(details),
        "displayName": about.get("name") or details.get("name"),
        "state": state(details),
        "config": own_config,
        "rawconfig": dict(own_config),
        "notes": about.get("notes"),
        "heartbeatAt": details.get("updatedAt"),
        "updatedAt": details.get("updatedAt"),
        "projectId": details.get("projectName"),
        "historyKeys": {
            "keys": {
                one["logName"]: {} for one in details.get("logNames") or [] if not is_machine_metric(one["logName"])
            }
        },
        "user": {"name": metadata.get("username"), "username": metadata.get("username")},
        **({"summaryMetrics": with_folders(without_nulls(summary))} if isinstance(summary, dict) else {}),
    }


def about_of(config: dict[str, Any]) -> dict[str, Any]:
    """Return what we and `pluto migrate` keep in a configuration."""
    about = config.get("wandb")
    return about if isinstance(about, dict) else {}


def run_id(details: dict[str, Any]) -> str:
    """Return wandb's id of a run; of one that Pluto's own client has made, its external or display id."""
    found = (details.get("systemMetadata") or {}).get(RUN_ID)
    external = details.get("externalId")
    if not found and external:
        migrated = MIGRATED.fullmatch(external)
        found = migrated[1] if migrated else external
    return str(found or details["displayId"])


def split_tags(tags: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the tags that users gave, and the values of `group:`, `job_type:` and `sweep:`."""
    own: list[str] = []
    marks: dict[str, str] = {}
    for tag in tags:
        kind, colon, value = tag.partition(":")
        if colon and kind in MARKS:
            marks.setdefault(kind, value)
        else:
            own.append(tag)
    return own, marks


def state(details: dict[str, Any]) -> str:
    """Return the state of a run in wandb's words."""
    stored = about_of(details.get("config") or {}).get("state")
    if stored and stored != "preempting":  # a migrated run has wandb's state
        return str(stored)
    status = details.get("status", "")
    found = STATES.get(status) or _failure(details)
    if stored == "preempting":
        return {"running": "preempting", "finished": "finished"}.get(found, "preempted")
    return found


def _failure(details: dict[str, Any]) -> str:
    """Distinguish a run that ended with an error from one that stopped sending heartbeats."""
    reason = details.get("statusMetadata")
    if isinstance(reason, dict):
        return "crashed" if reason.get("type") == "Killed" else "failed"
    history = details.get("statusHistory") or []
    ours = RUN_ID in (details.get("systemMetadata") or {})
    reaped = history[-1].get("source") != "api" if history else ours  # our uploader always gives a reason
    return "crashed" if reaped else "failed"


def with_folders(summary: dict[str, Any]) -> dict[str, Any]:
    """Return a summary whose media say under which name `run.file` has them; what is null is left out."""
    found = {}
    for key, value in summary.items():
        if not isinstance(value, dict):
            if value is not None:
                found[key] = value
            continue
        kind = value.get("_type")
        if kind in FOLDERS:
            path = f"{key}.table.json" if FOLDERS[kind] == "table" else value.get("path")
            value = {**value, "path": media_path(kind, path)} if path else value
        elif kind in LISTS and isinstance(value.get("filenames"), list):
            value = {**value, "filenames": [media_path(LISTS[kind], name) for name in value["filenames"]]}
        elif kind is None:
            value = with_folders(value)
        found[key] = value
    return found


def media_path(kind: str, name: str) -> str:
    """Return the name under which a run has a media file, such as `media/images/NAME.png`."""
    return name if name.startswith("media/") else f"media/{FOLDERS[kind]}/{name}"


def without_folders(value: Any) -> Any:
    """Return a summary value as it is stored."""
    if not isinstance(value, dict):
        return value
    if FOLDERS.get(str(value.get("_type"))) == "table":
        return {key: one for key, one in value.items() if key != "path"}
    if value.get("_type") in FOLDERS and "path" in value:
        return {**value, "path": value["path"].rpartition("/")[2]}
    if value.get("_type") in LISTS and isinstance(value.get("filenames"), list):
        return {**value, "filenames": [name.rpartition("/")[2] for name in value["filenames"]]}
    return {key: without_folders(one) for key, one in value.items()}

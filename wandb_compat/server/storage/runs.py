"""Write runs: create, resume and fork them, set their status, and fail the stale ones."""

from __future__ import annotations

import json
import sqlite3
from typing import Any
from urllib.parse import quote

from wandb_compat.server import limits
from wandb_compat.server.limits import Limits
from wandb_compat.server.params import Fields, RequestError, ValidationError, check_text, parse_stored_json
from wandb_compat.server.storage import identifiers
from wandb_compat.server.storage.database import Store
from wandb_compat.wire.display_ids import is_display_id

ORGANIZATION = "local"
RUNNING, FAILED = "RUNNING", "FAILED"
NEVER = -1  # as the time of a change of status
# A client can change the status of an ended run only to a later one in this order.
STATUS_PRECEDENCE = ("COMPLETED", "TERMINATED", "CANCELLED", FAILED)
STATUSES = (RUNNING, *STATUS_PRECEDENCE)

Answer = dict[str, Any]


def create(store: Store, fields: Fields, base: str) -> Answer:
    """Create a run, or resume the one that has the given external id in the project."""
    name = check_text("runName", fields.any_text("runName"), limits.NAME)
    project_name = check_text("projectName", fields.any_text("projectName"), limits.NAME)
    external = fields.optional_text("externalId")
    if external is not None:
        external = check_text("externalId", fields.text("externalId"), limits.NAME)
    tags = run_tags(fields)
    now = store.now()
    with store.write() as connection:
        _check_quota(connection, store)
        project = _project(connection, project_name, now)
        if external is not None:
            known = connection.execute(
                "SELECT id FROM run WHERE project = ? AND external = ?", (project["id"], external)
            ).fetchone()
            if known is not None:
                return _take_up(connection, known["id"], fields, now, base)
        run_id = _insert(connection, fields, project, name, external, tags, now)
        return _run_response(connection, run_id, base, resumed=False)


def _take_up(connection: sqlite3.Connection, run_id: int, fields: Fields, now: int, base: str) -> Answer:
    """Resume the run that has the external id of a creation; its config is merged."""
    try:
        config = stored_document(fields, "config")
    except RequestError:
        raise RequestError(500, "The config cannot be merged into that of the existing run") from None
    if isinstance(config, dict):
        merge_config(connection, run_id, config, now)
    return {**_resume(connection, run_id, now, base), **_fork_fields(connection, run_id)}


def _insert(
    connection: sqlite3.Connection,
    fields: Fields,
    project: sqlite3.Row,
    name: str,
    external: str | None,
    tags: list[str],
    now: int,
) -> int:
    config = stored_document(fields, "config")
    settings = stored_document(fields, "loggerSettings")
    metadata = stored_document(fields, "systemMetadata")
    created, updated = _time(fields, "createdAt"), _time(fields, "updatedAt")
    created = now if created is None else created
    updated = created if updated is None else updated
    parent, fork_step = _fork(connection, fields, project["id"])
    if parent is not None:
        if fields.flag("inheritConfig", True) and parent["config"] is not None:
            config = {**json.loads(parent["config"]), **(config if isinstance(config, dict) else {})}
        if fields.flag("inheritTags", False):
            tags = _union_tags(json.loads(parent["tags"]), tags)
    number = project["runs"] + 1
    connection.execute("UPDATE project SET runs = ?, updated = ? WHERE id = ?", (number, now, project["id"]))
    run_id = connection.execute(
        "INSERT INTO run (project, number, display, external, name, status, tags, config, metadata, settings,"
        " parent, fork_step, created, updated, status_updated, seen) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            project["id"],
            number,
            f"{project['prefix']}-{number}",
            external,
            name,
            RUNNING,
            json.dumps(tags),
            *(None if part is None else json.dumps(part) for part in (config, metadata, settings)),
            None if parent is None else parent["id"],
            fork_step,
            created,
            updated,
            NEVER,  # the status has not changed yet
            now,
        ),
    ).lastrowid
    assert run_id is not None
    _add_event(connection, run_id, None, RUNNING, "api", None, now)
    return run_id


def resume(store: Store, fields: Fields, base: str) -> Answer:
    """Reopen a run named by number, display id, or project and external id."""
    names = [name for name in ("runId", "displayId", "externalId") if fields.get(name) is not None]
    if not names:
        raise ValidationError("runId, displayId or externalId is required")
    if len(names) > 1:
        raise ValidationError(f"Name the run in one way, not by {' and '.join(names)}")
    with store.write() as connection:
        if fields.get("runId") is not None:
            run_id = find_run(connection, fields)["id"]
        elif fields.get("displayId") is not None:
            display, project = fields.text("displayId"), fields.optional_text("projectName")
            run_id = find_run_by_display_id(connection, display, project)["id"]
        else:
            external, project = fields.text("externalId"), fields.text("projectName")
            row = connection.execute(
                "SELECT id FROM project_run WHERE external = ? AND project_name = ?", (external, project)
            ).fetchone()
            if row is None:
                raise RequestError(404, f"Run not found: project {project!r} has no external id {external!r}")
            run_id = row["id"]
        return _resume(connection, run_id, store.now(), base)


def update_status(store: Store, fields: Fields, base: str) -> Answer:
    """Set the status of a run by the rules for clients; a change that the rules forbid is ignored."""
    status = fields.choice("status", STATUSES, "")
    metadata = stored_document(fields, "statusMetadata")
    settings = stored_document(fields, "loggerSettings")
    explicit_time = fields.optional_integer("statusUpdated", high=limits.TIME)
    now = store.now()
    with store.write() as connection:
        run = find_run(connection, fields)
        if not _is_ignored(run["status"], status):
            if "statusMetadata" in fields and metadata is None:
                connection.execute("UPDATE run SET status_metadata = NULL WHERE id = ?", (run["id"],))
            set_status(connection, run, status, "api", metadata, explicit_time, now)
            if settings is not None:
                merged = merge(None if run["settings"] is None else json.loads(run["settings"]), settings)
                connection.execute("UPDATE run SET settings = ? WHERE id = ?", (json.dumps(merged), run["id"]))
    return {"success": True}


def _is_ignored(before: str, after: str) -> bool:
    """Return whether a client's change of status is ignored."""
    if before not in STATUS_PRECEDENCE or after not in STATUS_PRECEDENCE:
        return False
    return STATUS_PRECEDENCE.index(after) < STATUS_PRECEDENCE.index(before)


def set_status(
    connection: sqlite3.Connection,
    run: sqlite3.Row,
    status: str,
    source: str,
    metadata: Any,
    explicit_time: int | None,
    now: int,
) -> None:
    """Set a run's status; only a real change leaves an event, and repeating an end does not move its time."""
    changed = status != run["status"]
    updated = now if explicit_time is None else explicit_time
    if explicit_time is not None:
        time = explicit_time
    elif changed or (status == RUNNING and source != "resume"):
        time = now
    else:
        time = run["status_updated"]
    connection.execute(
        "UPDATE run SET status = ?, status_metadata = coalesce(?, status_metadata), status_updated = ?, updated = ?,"
        " seen = ? WHERE id = ?",
        (
            status,
            None if metadata is None else json.dumps(metadata),
            time,
            updated,
            now,
            run["id"],
        ),
    )
    if changed:
        _add_event(connection, run["id"], run["status"], status, source, metadata, time)


def fail_stale_runs(store: Store, bounds: Limits, served_since: int) -> list[int]:
    """Mark runs without recent activity FAILED; return their ids.

    Only heartbeats count for a run that ever sent one, any request for others.

    Args:
        store: the data folder.
        bounds: the timeouts.
        served_since: when this server started, in milliseconds; clients could not reach it before.
    """
    now = store.now()
    with store.write() as connection:
        silent = connection.execute(
            "SELECT * FROM run WHERE status = ? AND max(coalesce(heartbeat, seen), ?)"
            " < ? - (CASE WHEN heartbeat IS NULL THEN ? ELSE ? END)",
            (RUNNING, served_since, now, int(bounds.silence * 1000), int(bounds.heartbeat * 1000)),
        ).fetchall()
        for run in silent:
            set_status(connection, run, FAILED, "stale-monitor", None, None, now)
    return [run["id"] for run in silent]


def find_run(connection: sqlite3.Connection, fields: Fields) -> sqlite3.Row:
    """Return the run whose number the request gives as `runId`, or raise 404."""
    run_id = fields.identifier("runId")
    run: sqlite3.Row | None = connection.execute("SELECT * FROM project_run WHERE id = ?", (run_id,)).fetchone()
    if run is None:
        raise RequestError(404, f"Run not found: {run_id}")
    return run


def find_run_by_display_id(connection: sqlite3.Connection, display: str, project: str | None) -> sqlite3.Row:
    """Return the run with a display id, or raise: 400 malformed, 404 unknown, 409 when several projects have one."""
    display = display.upper()
    if not is_display_id(display):
        raise RequestError(400, f"Invalid display id {display!r}: expected one such as MMP-1")
    found: list[sqlite3.Row] = connection.execute(
        "SELECT * FROM project_run WHERE display = ? AND (? IS NULL OR project_name = ?)",
        (display, project, project),
    ).fetchall()
    if not found:
        raise RequestError(404, f"Run not found: {display}")
    if len(found) > 1:
        raise RequestError(
            409, f"Several projects have a run {display}; use the number of the run, or name the project"
        )
    return found[0]


def run_page_url(base: str, project: str, run_id: int) -> str:
    """Return the address of a run's page."""
    return f"{base}/o/{ORGANIZATION}/projects/{quote(project, safe='')}/{run_id}"


def stored_document(fields: Fields, name: str) -> Any:
    """Return a document that is encoded as text in a field, None when absent or empty."""
    return parse_stored_json(fields.optional_text(name) or "null")


def run_tags(fields: Fields, required: bool = False) -> list[str]:
    """Return the tags of a request, or raise 400 for too many of them."""
    tags = [check_text("tags", tag) for tag in fields.texts("tags", required)]
    if len(tags) > limits.TAGS:
        raise ValidationError(f"A run can have at most {limits.TAGS} tags, not {len(tags)}.")
    if sum(tag.startswith("group:") for tag in tags) > 1:
        raise RequestError(400, "A run can have at most one group:* tag.")
    return tags


def merge_config(connection: sqlite3.Connection, run_id: int, config: dict[str, Any], now: int) -> None:
    """Merge a config into that of a run."""
    stored = connection.execute("SELECT config FROM run WHERE id = ?", (run_id,)).fetchone()[0]
    if stored is None and not config:
        return
    merged = merge(None if stored is None else json.loads(stored), config)
    connection.execute("UPDATE run SET config = ?, updated = ? WHERE id = ?", (json.dumps(merged), now, run_id))


def merge(old: Any, new: Any) -> Any:
    """Return a document with another merged in: objects merge, everything else replaces."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: merge(old[key], value) if key in old else value for key, value in new.items()}}


def _time(fields: Fields, name: str) -> int | None:
    value = fields.optional_integer(name, high=2**63)
    if value is not None and value > limits.DATE:
        raise ValidationError(f"{name} is not a date: {value}")
    if value is not None and value > limits.TIME:
        raise RequestError(500, f"{name} is a time that cannot be stored: {value}")
    return value


def _check_quota(connection: sqlite3.Connection, store: Store) -> None:
    """Raise 400 once the announced sizes of all files reach the quota, as the real server counts them."""
    if not store.options.quota:
        return
    used = connection.execute("SELECT coalesce(sum(size), 0) FROM file").fetchone()[0]
    if used >= store.options.quota:
        raise RequestError(400, f"Organization is at limit: {used} of {store.options.quota} bytes of files")


def _union_tags(inherited: list[str], own: list[str]) -> list[str]:
    tags = list(dict.fromkeys([*inherited, *own]))
    groups = [tag for tag in tags if tag.startswith("group:")]
    return [tag for tag in tags if tag not in groups[:-1]]


def _project(connection: sqlite3.Connection, name: str, now: int) -> sqlite3.Row:
    connection.execute(
        "INSERT OR IGNORE INTO project (name, prefix, created, updated) VALUES (?, ?, ?, ?)",
        (name, identifiers.prefix(name), now, now),
    )
    project: sqlite3.Row = connection.execute("SELECT * FROM project WHERE name = ?", (name,)).fetchone()
    return project


def _fork(connection: sqlite3.Connection, fields: Fields, project: int) -> tuple[sqlite3.Row | None, int | None]:
    """Return the ancestor that has the step to fork from, and the step."""
    parent_id, step = fields.optional_number("forkRunId"), fields.optional_number("forkStep")
    if not parent_id:  # also number 0
        return None, None
    if step is None:
        raise RequestError(400, "forkRunId needs forkStep")
    parent_id = fields.identifier("forkRunId")
    step = fields.identifier("forkStep")  # the same rule: whole numbers of 64 bits
    for _ in range(limits.FORK_DEPTH):
        parent: sqlite3.Row | None = connection.execute("SELECT * FROM run WHERE id = ?", (parent_id,)).fetchone()
        if parent is None:
            raise RequestError(400, f"Run not found: {parent_id}, the run to fork from")
        if parent["project"] != project:
            raise RequestError(400, f"Run {parent_id} is in another project; a fork stays in the project of its parent")
        if parent["fork_step"] is None or step > parent["fork_step"]:
            break
        parent_id = parent["parent"]
    last_step = connection.execute(
        "SELECT max((SELECT max(step) FROM metric WHERE series = series.id)) FROM series WHERE run = ?",
        (parent_id,),
    ).fetchone()[0]
    if last_step and step > last_step:
        raise RequestError(400, f"forkStep {step} is beyond the last step of run {parent_id}, {last_step}")
    return parent, step


def _resume(connection: sqlite3.Connection, run_id: int, now: int, base: str) -> Answer:
    run = connection.execute("SELECT * FROM run WHERE id = ?", (run_id,)).fetchone()
    set_status(connection, run, RUNNING, "resume", None, None, now)
    # A heartbeat from before the end would make the run stale at once.
    connection.execute("UPDATE run SET heartbeat = ? WHERE id = ? AND heartbeat IS NOT NULL", (now, run_id))
    return _run_response(connection, run_id, base, resumed=True)


def _run_response(connection: sqlite3.Connection, run_id: int, base: str, resumed: bool) -> Answer:
    run = connection.execute("SELECT * FROM project_run WHERE id = ?", (run_id,)).fetchone()
    response = {
        "runId": run_id,
        "number": run["number"],
        "displayId": run["display"],
        "projectName": run["project_name"],
        "organizationSlug": ORGANIZATION,
        "url": run_page_url(base, run["project_name"], run_id),
        "resumed": resumed,
    }
    return response if resumed else {**response, **_fork_fields(connection, run_id)}


def _fork_fields(connection: sqlite3.Connection, run_id: int) -> Answer:
    run = connection.execute("SELECT parent, fork_step FROM run WHERE id = ?", (run_id,)).fetchone()
    return {"forkedFromRunId": run["parent"], "forkStep": run["fork_step"]}


def _add_event(
    connection: sqlite3.Connection, run: int, before: str | None, after: str, source: str, metadata: Any, time: int
) -> None:
    connection.execute(
        "INSERT INTO status_event (run, before, after, source, metadata, time) VALUES (?, ?, ?, ?, ?, ?)",
        (run, before, after, source, None if metadata is None else json.dumps(metadata), time),
    )

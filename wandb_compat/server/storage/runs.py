"""Write runs: create, resume, fork, status, tags, config, log names, heartbeat, alerts, and stale runs."""

from __future__ import annotations

import json
import sqlite3
from typing import Any
from urllib.parse import quote

from wandb_compat.server import limits
from wandb_compat.server.limits import Limits
from wandb_compat.server.params import Fields, RequestError, parse_embedded_json
from wandb_compat.server.storage import identifiers
from wandb_compat.server.storage.database import Store
from wandb_compat.wire.display_ids import is_display_id

ORGANIZATION = "local"
RUNNING, FAILED = "RUNNING", "FAILED"
# A client can change the status of an ended run only to a later one in this order.
STATUS_PRECEDENCE = ("COMPLETED", "TERMINATED", "CANCELLED", "FAILED")
STATUSES = (RUNNING, *STATUS_PRECEDENCE)

Answer = dict[str, Any]


def slug(store: Store, fields: Fields, base: str) -> Answer:
    """Answer the login check."""
    return {"organization": {"slug": ORGANIZATION, "name": ORGANIZATION}}


def create(store: Store, fields: Fields, base: str) -> Answer:
    """Create a run, or resume the one that has the given external id in the project."""
    name = fields.text("runName", limits.NAME)
    project_name = fields.text("projectName", limits.NAME)
    external = fields.text("externalId", limits.NAME) if fields.get("externalId") is not None else None
    tags = _tags(fields)
    config = _stored_document(fields, "config")
    settings = _stored_document(fields, "loggerSettings")
    metadata = _stored_document(fields, "systemMetadata")
    now = store.now()
    created = fields.optional_integer("createdAt", high=limits.TIME) or now
    updated = fields.optional_integer("updatedAt", high=limits.TIME) or created

    with store.write() as connection:
        project = _project(connection, project_name, now)
        if external is not None:
            known = connection.execute(
                "SELECT id FROM run WHERE project = ? AND external = ?", (project["id"], external)
            ).fetchone()
            if known is not None:
                if isinstance(config, dict):
                    _merge_config(connection, known["id"], config, now)
                return _resume(connection, known["id"], now, base)

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
                updated,
                now,
            ),
        ).lastrowid
        assert run_id is not None
        _add_event(connection, run_id, None, RUNNING, "create", None, now)
        return _run_response(connection, run_id, base, resumed=False)


def resume(store: Store, fields: Fields, base: str) -> Answer:
    """Reopen a run named by number, display id, or project and external id."""
    with store.write() as connection:
        if fields.get("runId") is not None:
            run_id = find_run(connection, fields)["id"]
        elif fields.get("displayId") is not None:
            run_id = find_run_by_display_id(connection, fields.text("displayId"), fields.optional_text("projectName"))[
                "id"
            ]
        else:
            external, project = fields.text("externalId"), fields.text("projectName")
            row = connection.execute(
                "SELECT id FROM project_run WHERE external = ? AND project_name = ?", (external, project)
            ).fetchone()
            if row is None:
                raise RequestError(
                    404, f"Run not found: no run of project {project!r} has the external id {external!r}"
                )
            run_id = row["id"]
        return _resume(connection, run_id, store.now(), base)


def update_status(store: Store, fields: Fields, base: str) -> Answer:
    """Set the status of a run by the rules for clients; a change that the rules forbid is ignored."""
    status = fields.choice("status", STATUSES, "")
    metadata = _stored_document(fields, "statusMetadata")
    settings = _stored_document(fields, "loggerSettings")
    explicit_time = fields.optional_integer("statusUpdated", high=limits.TIME)
    now = store.now()
    with store.write() as connection:
        run = find_run(connection, fields)
        before = run["status"]
        ignored = (
            before in STATUS_PRECEDENCE
            and status in STATUS_PRECEDENCE
            and STATUS_PRECEDENCE.index(status) < STATUS_PRECEDENCE.index(before)
        )
        if not ignored:
            set_status(connection, run, status, "api", metadata, explicit_time, now)
            if settings is not None:
                connection.execute("UPDATE run SET settings = ? WHERE id = ?", (json.dumps(settings), run["id"]))
        return {"success": True, "status": before if ignored else status}


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
    time = explicit_time or (now if changed or status == RUNNING else run["status_updated"])
    connection.execute(
        "UPDATE run SET status = ?, status_metadata = coalesce(?, status_metadata), status_updated = ?, updated = ?,"
        " seen = ? WHERE id = ?",
        (status, None if metadata is None else json.dumps(metadata), time, explicit_time or now, now, run["id"]),
    )
    if changed:
        _add_event(connection, run["id"], run["status"], status, source, metadata, time)


def add_log_names(store: Store, fields: Fields, base: str) -> Answer:
    """Register keys with their type; the first type of a key stays."""
    log_names = fields.texts("logName")
    kind = fields.text("logType", limits.NAME)
    with store.write() as connection:
        run = find_run(connection, fields)
        connection.executemany(
            "INSERT OR IGNORE INTO log_name (run, name, type) VALUES (?, ?, ?)",
            [(run["id"], name, kind) for name in log_names],
        )
    return {"success": True}


def update_tags(store: Store, fields: Fields, base: str) -> Answer:
    """Replace all tags of a run."""
    tags = _tags(fields)
    with store.write() as connection:
        run = find_run(connection, fields)
        connection.execute(
            "UPDATE run SET tags = ?, updated = ? WHERE id = ?", (json.dumps(tags), store.now(), run["id"])
        )
    return {"success": True}


def update_config(store: Store, fields: Fields, base: str) -> Answer:
    """Merge an object into the config of a run: objects merge, everything else replaces."""
    config = parse_embedded_json(fields.text("config"))
    if not isinstance(config, dict):
        raise RequestError(400, "config must be a JSON object, encoded as text")
    with store.write() as connection:
        _merge_config(connection, find_run(connection, fields)["id"], config, store.now())
    return {"success": True}


def create_model_graph(store: Store, fields: Fields, base: str) -> Answer:
    """Store a model graph; a later one replaces it."""
    graph = fields.get("graph")
    if not isinstance(graph, dict) or not isinstance(graph.get("nodes"), dict):
        raise RequestError(400, "graph must be an object with nodes")
    with store.write() as connection:
        run = find_run(connection, fields)
        connection.execute("UPDATE run SET graph = ? WHERE id = ?", (json.dumps(graph), run["id"]))
    return {"success": True}


def trigger(store: Store, fields: Fields, base: str) -> Answer:
    """Record a heartbeat and return the run's status; `CANCELLED` asks the client to stop."""
    with store.write() as connection:
        run = find_run(connection, fields)
        now = store.now()
        connection.execute("UPDATE run SET heartbeat = ?, seen = ? WHERE id = ?", (now, now, run["id"]))
        return {"status": run["status"]}


def add_alert(store: Store, fields: Fields, base: str) -> Answer:
    """Store an alert; no mail is sent."""
    alert = Fields(fields.get("alert"))
    with store.write() as connection:
        run = find_run(connection, fields)
        connection.execute(
            "INSERT OR IGNORE INTO alert (run, time, level, title, body, url) VALUES (?, ?, ?, ?, ?, ?)",
            (
                run["id"],
                alert.integer("timestamp", high=limits.TIME),
                alert.text("level", limits.NAME),
                alert.text("title"),
                alert.optional_text("body") or "",
                alert.optional_text("url"),
            ),
        )
    return {"success": True}


def fail_stale_runs(store: Store, bounds: Limits, served_since: int) -> list[int]:
    """Mark runs without recent activity FAILED; return their ids.

    Args:
        store: the data folder.
        bounds: the timeouts.
        served_since: when this server started, in milliseconds; clients could not reach it before.
    """
    now = store.now()
    with store.write() as connection:
        silent = connection.execute(
            "SELECT * FROM run WHERE status = ? AND max(seen, ?) < ? - (CASE WHEN heartbeat IS NULL THEN ? ELSE ? END)",
            (RUNNING, served_since, now, int(bounds.silence * 1000), int(bounds.heartbeat * 1000)),
        ).fetchall()
        for run in silent:
            set_status(connection, run, FAILED, "stale-monitor", None, None, now)
    return [run["id"] for run in silent]


def find_run(connection: sqlite3.Connection, fields: Fields) -> sqlite3.Row:
    """Return the run whose number the request gives as `runId`, or raise 404."""
    run_id = fields.integer("runId")
    run: sqlite3.Row | None = connection.execute("SELECT * FROM project_run WHERE id = ?", (run_id,)).fetchone()
    if run is None:
        raise RequestError(404, f"Run not found: {run_id}")
    return run


def find_run_by_display_id(connection: sqlite3.Connection, display: str, project: str | None) -> sqlite3.Row:
    """Return the run with a display id, or raise: 400 malformed, 404 unknown, 409 when several projects have one."""
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


def _stored_document(fields: Fields, name: str) -> Any:
    text = fields.optional_text(name)
    return None if text is None else parse_embedded_json(text)


def _tags(fields: Fields) -> list[str]:
    tags = list(dict.fromkeys(fields.texts("tags")))
    if len(tags) > limits.TAGS:
        raise RequestError(400, f"A run can have at most {limits.TAGS} tags, not {len(tags)}.")
    if sum(tag.startswith("group:") for tag in tags) > 1:
        raise RequestError(400, "A run can have at most one group:* tag.")
    return tags


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
    parent_id, step = fields.optional_integer("forkRunId"), fields.optional_integer("forkStep")
    if (parent_id is None) != (step is None):
        raise RequestError(400, "forkRunId and forkStep must be given together")
    if parent_id is None or step is None:
        return None, None
    for _ in range(limits.FORK_DEPTH):
        parent: sqlite3.Row | None = connection.execute("SELECT * FROM run WHERE id = ?", (parent_id,)).fetchone()
        if parent is None:
            raise RequestError(404, f"Run not found: {parent_id}, the run to fork from")
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


def _merge_config(connection: sqlite3.Connection, run_id: int, config: dict[str, Any], now: int) -> None:
    stored = connection.execute("SELECT config FROM run WHERE id = ?", (run_id,)).fetchone()[0]
    merged = _merged(None if stored is None else json.loads(stored), config)
    connection.execute("UPDATE run SET config = ?, updated = ? WHERE id = ?", (json.dumps(merged), now, run_id))


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: _merged(old[key], value) if key in old else value for key, value in new.items()}}


def _resume(connection: sqlite3.Connection, run_id: int, now: int, base: str) -> Answer:
    run = connection.execute("SELECT * FROM run WHERE id = ?", (run_id,)).fetchone()
    set_status(connection, run, RUNNING, "resume", None, None, now)
    return _run_response(connection, run_id, base, resumed=True)


def _run_response(connection: sqlite3.Connection, run_id: int, base: str, resumed: bool) -> Answer:
    run = connection.execute("SELECT * FROM project_run WHERE id = ?", (run_id,)).fetchone()
    return {
        "runId": run_id,
        "number": run["number"],
        "displayId": run["display"],
        "projectName": run["project_name"],
        "organizationSlug": ORGANIZATION,
        "url": run_page_url(base, run["project_name"], run_id),
        "resumed": resumed,
        "forkedFromRunId": run["parent"],
        "forkStep": run["fork_step"],
    }


def _add_event(
    connection: sqlite3.Connection, run: int, before: str | None, after: str, source: str, metadata: Any, time: int
) -> None:
    connection.execute(
        "INSERT INTO status_event (run, before, after, source, metadata, time) VALUES (?, ?, ?, ?, ?, ?)",
        (run, before, after, source, None if metadata is None else json.dumps(metadata), time),
    )

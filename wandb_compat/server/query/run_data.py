"""Read a run back: details, console, files, and values for which `pluto.query` has no call."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import Query, RequestError
from wandb_compat.server.query import filters
from wandb_compat.server.query.run_list import decode_json, iso_time
from wandb_compat.server.storage import identifiers
from wandb_compat.server.storage.database import Store
from wandb_compat.server.storage.runs import ORGANIZATION, find_run, find_run_by_display_id, run_page_url

Answer = dict[str, Any]

TIME = "strftime('%Y-%m-%d %H:%M:%f', time / 1000.0, 'unixepoch') AS time"
LOG_TYPES = ("INFO", "ERROR", "WARNING", "DEBUG", "PRINT")


def projects(store: Store, query: Query, base: str) -> Answer:
    """List the projects, newest first."""
    with store.read() as connection:
        rows = connection.execute("SELECT * FROM project ORDER BY created DESC, id DESC LIMIT ?", (limits.PROJECTS,))
        return {
            "projects": [
                {
                    "id": row["id"],
                    "name": row["name"],
                    "createdAt": iso_time(row["created"]),
                    "updatedAt": iso_time(row["updated"]),
                    "runCount": row["runs"],
                }
                for row in rows
            ]
        }


def details(store: Store, query: Query, base: str) -> Answer:
    """Return all fields of a run by number."""
    with store.read() as connection:
        run = find_run(connection, query)
        return {**_details(connection, run, base), "forkedFromRunId": run["parent"], "forkStep": run["fork_step"]}


def details_by_display_id(store: Store, query: Query, base: str) -> Answer:
    """Return all fields of a run by display id."""
    with store.read() as connection:
        run = find_run_by_display_id(connection, query.text("displayId"), query.optional_text("projectName"))
        return _details(connection, run, base)


def files(store: Store, query: Query, link: Callable[[int, str, str], str]) -> Answer:
    """List the files of a run; `link` makes the download URL of run, log name and file name."""
    query.text("projectName")
    log_name, group = query.optional_text("logName") or None, query.optional_text("logGroup") or None
    with store.read() as connection:
        run = run_in_project(connection, query)
        if run is None:
            return {"files": []}
        rows = connection.execute(
            f"SELECT file.*, {TIME} FROM file WHERE run = ? AND (? IS NULL OR log_name = ?)"
            " ORDER BY step, sample, name, log_name, id",
            (run["id"], log_name, log_name),
        )
        found = [
            {
                "fileName": row["name"],
                "fileType": row["type"],
                "fileSize": row["size"],
                "logName": row["log_name"],
                "logGroup": identifiers.group(row["log_name"]),
                "time": row[-1],
                "step": row["step"],
                "url": link(run["id"], row["log_name"], row["name"]),
                "caption": row["caption"],
                "annotations": row["annotations"],
            }
            for row in rows
            if group is None or identifiers.group(row["log_name"]) == group
        ]
        return {"files": found[: limits.FILES]}


def logs(store: Store, query: Query, base: str) -> Answer:
    """List the console lines of a run."""
    query.text("projectName")
    limit = query.optional_integer("limit", 1, limits.POINTS) or 1000
    offset = query.optional_integer("offset") or 0
    log_type = query.choice("logType", LOG_TYPES, "INFO") if query.get("logType") is not None else None
    with store.read() as connection:
        run = run_in_project(connection, query)
        if run is None:
            return {"logs": [], "total": 0}
        condition, values = "run = ? AND (? IS NULL OR type = ?)", (run["id"], log_type, log_type)
        total = connection.execute(f"SELECT count(*) FROM console WHERE {condition}", values).fetchone()[0]
        rows = connection.execute(
            f"SELECT type, line, message, {TIME} FROM console WHERE {condition}"
            " ORDER BY line, console.time, type LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
        return {
            "logs": [
                {
                    "time": row["time"],
                    "logType": row["type"],
                    "lineNumber": row["line"],
                    "message": row["message"],
                    "step": 0,
                }
                for row in rows
            ],
            "total": total,
        }


def status_history(store: Store, query: Query, base: str) -> Answer:
    """List the changes of a run's status, the earliest first."""
    with store.read() as connection:
        run = find_run(connection, query)
        events = connection.execute(
            "SELECT rowid AS id, * FROM status_event WHERE run = ? ORDER BY time, rowid", (run["id"],)
        )
        return {
            "runId": run["id"],
            "events": [
                {
                    "id": event["id"],
                    "runId": run["id"],
                    "fromStatus": event["before"],
                    "toStatus": event["after"],
                    "source": event["source"],
                    "metadata": decode_json(event["metadata"]),
                    "actorId": None,
                    "apiKeyId": None,
                    "createdAt": iso_time(event["time"]),
                }
                for event in events
            ],
        }


def validate_key(store: Store, query: Query, base: str) -> Answer:
    """Confirm that the key of the request is valid."""
    return {"valid": True, "organization": {"id": ORGANIZATION, "slug": ORGANIZATION}, "user": {"id": ORGANIZATION}}


def by_short_id(store: Store, query: Query, base: str) -> Answer:
    """Decode letters and digits into a number, as the real server does with any word and without a key."""
    word = query.any_text("word")
    if not word.isascii() or not word.isalnum():
        return {}
    return {"runId": int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")}


def data(store: Store, query: Query, base: str) -> Answer:
    """List the non-numeric values of a run: texts, histograms, tables (a route of the embedded server only)."""
    log_name = query.optional_text("logName")
    with store.read() as connection:
        run = _known_run(connection, query)
        rows = connection.execute(
            f"SELECT name, type, step, data, {TIME} FROM datum WHERE run = ? AND (? IS NULL OR name = ?)"
            " ORDER BY name, step, datum.time, id",
            (run["id"], log_name, log_name),
        )
        return {
            "data": [
                {"logName": row[0], "dataType": row[1], "step": row[2], "data": row[3], "time": row[4]} for row in rows
            ]
        }


def alerts(store: Store, query: Query, base: str) -> Answer:
    """List the alerts of a run (a route of the embedded server only)."""
    with store.read() as connection:
        run = _known_run(connection, query)
        rows = connection.execute(
            f"SELECT level, title, body, url, {TIME} FROM alert WHERE run = ? ORDER BY alert.time, rowid", (run["id"],)
        )
        return {"alerts": [dict(row) for row in rows]}


def model_graph(store: Store, query: Query, base: str) -> Answer:
    """Return the graph of a run's model, null if absent (a route of the embedded server only)."""
    with store.read() as connection:
        return {"graph": decode_json(_known_run(connection, query)["graph"])}


def openapi(store: Store, query: Query, base: str) -> Answer:
    """Publish the filter language and the parameters of the run list."""
    parameters = {
        "projectName": "string",
        "limit": "integer",
        "offset": "integer",
        "search": "string",
        "tags": "string",
        "status": "string",
        "sort": "string",
        "filter": "string",
        "heartbeatAfter": "string",
        "heartbeatBefore": "string",
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pluto, embedded server", "version": "1"},
        "paths": {
            "/api/runs/list": {
                "get": {
                    "parameters": [
                        {"name": name, "in": "query", "required": name == "projectName", "schema": {"type": kind}}
                        for name, kind in parameters.items()
                    ],
                    "responses": {"200": {"description": "One page of runs"}},
                }
            }
        },
        "components": {"schemas": {"RunFilterGrammar": filters.grammar()}},
    }


def _details(connection: sqlite3.Connection, run: sqlite3.Row, base: str) -> Answer:
    project = run["project_name"]
    log_names = connection.execute(
        "SELECT name, type FROM log_name WHERE run = ? ORDER BY name LIMIT ?", (run["id"], limits.FILES)
    )
    events = connection.execute("SELECT * FROM status_event WHERE run = ? ORDER BY rowid", (run["id"],))
    return {
        "id": run["id"],
        "name": run["name"],
        "number": run["number"],
        "displayId": run["display"],
        "status": run["status"],
        "tags": json.loads(run["tags"]),
        "config": decode_json(run["config"]),
        "systemMetadata": decode_json(run["metadata"]),
        "loggerSettings": decode_json(run["settings"]),
        "statusMetadata": decode_json(run["status_metadata"]),
        "createdAt": iso_time(run["created"]),
        "updatedAt": iso_time(run["updated"]),
        "statusUpdated": iso_time(run["status_updated"]) if run["status_updated"] >= 0 else None,
        "projectName": project,
        "externalId": run["external"],
        "url": run_page_url(base, project, run["id"]),
        "logNames": [
            {
                "logName": row["name"],
                "logType": row["type"],
                "logGroup": identifiers.group(row["name"]) if row["name"] else None,
            }
            for row in log_names
        ],
        "statusHistory": [
            {
                "from": event["before"],
                "to": event["after"],
                "source": event["source"],
                "metadata": decode_json(event["metadata"]),
                "time": iso_time(event["time"]),
            }
            for event in events
        ],
    }


def run_in_project(connection: sqlite3.Connection, query: Query) -> sqlite3.Row | None:
    """Return the run that a query names by number and, if given, project; None when there is no such run."""
    run_id, project = query.identifier("runId"), query.optional_text("projectName")
    if run_id < 0:
        raise RequestError(500, f"runId cannot be the number of a run: {run_id}")
    run: sqlite3.Row | None = connection.execute(
        "SELECT * FROM project_run WHERE id = ? AND (? IS NULL OR project_name = ?)",
        (run_id, project, project),
    ).fetchone()
    return run


def _known_run(connection: sqlite3.Connection, query: Query) -> sqlite3.Row:
    run = run_in_project(connection, query)
    if run is None:
        raise RequestError(404, f"Run not found: {query.get('runId')}")
    return run

"""Reading back a run: every GET of `pluto.query` but the list of runs, and the values for which it has no call."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import Query, Refusal
from wandb_compat.server.query import filters
from wandb_compat.server.query.run_list import decoded, iso
from wandb_compat.server.storage import identifiers
from wandb_compat.server.storage.database import FINITE, Store
from wandb_compat.server.storage.runs import find, find_by_display_id, page

Answer = dict[str, Any]

TIME = "strftime('%Y-%m-%d %H:%M:%f', time / 1000.0, 'unixepoch') AS time"
LOG_TYPES = ("INFO", "ERROR", "WARNING", "DEBUG", "PRINT")
AGGREGATIONS = ("MIN", "MAX", "AVG", "LAST", "VARIANCE")


def projects(store: Store, query: Query, base: str) -> Answer:
    """List the projects, newest first."""
    with store.read() as connection:
        rows = connection.execute("SELECT * FROM project ORDER BY created DESC, id DESC LIMIT ?", (limits.PROJECTS,))
        return {
            "projects": [
                {
                    "id": row["id"],
                    "name": row["name"],
                    "createdAt": iso(row["created"]),
                    "updatedAt": iso(row["updated"]),
                    "runCount": row["runs"],
                }
                for row in rows
            ]
        }


def details(store: Store, query: Query, base: str) -> Answer:
    """Tell everything about the run with a number, whatever its project."""
    with store.read() as connection:
        run = find(connection, query)
        return {**_details(connection, run, base), "forkedFromRunId": run["parent"], "forkStep": run["fork_step"]}


def details_by_display_id(store: Store, query: Query, base: str) -> Answer:
    """Tell everything about the run with a display id."""
    with store.read() as connection:
        run = find_by_display_id(connection, query.text("displayId"), query.maybe_text("projectName"))
        return _details(connection, run, base)


def metric_names(store: Store, query: Query, base: str) -> Answer:
    """List the names of metrics in a project or in some of its runs."""
    limit = query.maybe_integer("limit", 1, limits.NAMES) or limits.NAMES
    run_ids = query.numbers("runIds")
    search = query.maybe_text("search") or ""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT DISTINCT series.name FROM series JOIN project_run AS run ON run.id = series.run"
            f" WHERE project_name = ? AND instr(lower(series.name), lower(?)) {_among('run.id', run_ids, query)}"
            " ORDER BY series.name LIMIT ?",
            (query.text("projectName"), search, limit),
        )
        return {"metricNames": [row[0] for row in rows]}


def metrics(store: Store, query: Query, base: str) -> Answer:
    """List the points of a run, thinned to `limit` per metric."""
    limit = query.maybe_integer("limit", 1, limits.POINTS) or 2000
    low = query.maybe_integer("stepMin") or 0
    high = query.maybe_integer("stepMax")
    high = limits.STEP if high is None else high
    points = []
    with store.read() as connection:
        for series in _series(connection, query):
            window = (series["id"], low, high)
            count = connection.execute(
                "SELECT count(*) FROM metric WHERE series = ? AND step BETWEEN ? AND ?", window
            ).fetchone()[0]
            if not count:
                continue
            rows = connection.execute(
                f"SELECT step, value, {TIME} FROM (SELECT *, row_number() OVER (ORDER BY step) - 1 AS place FROM metric"
                " WHERE series = ? AND step BETWEEN ? AND ?) WHERE place % ? = 0 OR place = ? ORDER BY step",
                (*window, math.ceil(count / limit), count - 1),
            )
            name, group = series["name"], identifiers.group(series["name"])
            for step, value, time in rows:
                number, flag = _flagged(value)
                points.append(
                    {"logName": name, "logGroup": group, "value": number, "valueFlag": flag, "time": time, "step": step}
                )
    return {"metrics": points}


def statistics(store: Store, query: Query, base: str) -> Answer:
    """Tell count, minimum, maximum, mean, deviation and last value of a run's metrics."""
    with store.read() as connection:
        run = _run_in_project(connection, query)
        found = []
        for series in _series(connection, query)[: limits.STATISTICS]:
            numbers = _statistics(connection, series["id"])
            if numbers is not None:
                last_step, last = numbers.pop("last")
                found.append(
                    {
                        "logName": series["name"],
                        "logGroup": identifiers.group(series["name"]),
                        **numbers,
                        "last": {"step": last_step, "value": last},
                    }
                )
        return {
            "runId": run["id"],
            "runName": run["name"],
            "projectName": run["project_name"],
            "url": page(base, run["project_name"], run["id"]),
            "metrics": found,
        }


def compare(store: Store, query: Query, base: str) -> Answer:
    """Set one metric of several runs side by side."""
    project, log_name = query.text("projectName"), query.text("logName")
    run_ids = query.numbers("runIds", limits.COMPARED)
    compared = []
    with store.read() as connection:
        for run in connection.execute(
            "SELECT run.*, series.id AS series FROM project_run AS run"
            " LEFT JOIN series ON series.run = run.id AND series.name = ?"
            f" WHERE project_name = ? {_among('run.id', run_ids, query)} ORDER BY run.id LIMIT ?",
            (log_name, project, limits.COMPARED),
        ).fetchall():
            numbers = None if run["series"] is None else _statistics(connection, run["series"])
            if numbers is not None:
                del numbers["stddev"]
                numbers["final"] = numbers.pop("last")[1]
            compared.append(
                {
                    "runId": run["id"],
                    "runName": run["name"],
                    "url": page(base, project, run["id"]),
                    "status": run["status"],
                    "config": decoded(run["config"]),
                    "stats": numbers,
                }
            )
    chosen = ",".join(str(run["runId"]) for run in compared)
    return {
        "projectName": project,
        "logName": log_name,
        "comparisonUrl": f"{page(base, project, 0).rpartition('/')[0]}?runs={chosen}",
        "runs": compared,
    }


def leaderboard(store: Store, query: Query, base: str) -> Answer:
    """Rank the runs of a project by one metric."""
    project, log_name = query.text("projectName"), query.text("logName")
    aggregation = query.choice("aggregation", AGGREGATIONS, "LAST")
    direction = query.choice("direction", ("ASC", "DESC"), "ASC")
    limit = query.maybe_integer("limit", 1, limits.COMPARED) or 50
    offset = query.maybe_integer("offset", 0, limits.OFFSET) or 0
    ranked = []
    with store.read() as connection:
        for run in connection.execute(
            "SELECT run.*, series.id AS series FROM project_run AS run"
            " JOIN series ON series.run = run.id AND series.name = ? WHERE project_name = ?",
            (log_name, project),
        ).fetchall():
            value = _aggregate(connection, run["series"], aggregation)
            if value is not None:
                ranked.append((value, run))
    ranked.sort(key=lambda pair: (pair[0] if direction == "ASC" else -pair[0], pair[1]["id"]))
    return {
        "projectName": project,
        "logName": log_name,
        "aggregation": aggregation,
        "direction": direction,
        "runs": [
            {
                "rank": rank,
                "runId": run["id"],
                "runName": run["name"],
                "status": run["status"],
                "url": page(base, project, run["id"]),
                "value": value,
                "config": decoded(run["config"]),
                "tags": json.loads(run["tags"]),
                "createdAt": iso(run["created"]),
            }
            for rank, (value, run) in enumerate(ranked[offset : offset + limit], offset + 1)
        ],
        "total": len(ranked),
    }


def files(store: Store, query: Query, link: Callable[[int, str, str], str]) -> Answer:
    """List the files of a run; `link` makes the download URL of run, log name and file name."""
    log_name, group = query.maybe_text("logName"), query.maybe_text("logGroup")
    with store.read() as connection:
        run = _run_in_project(connection, query)
        rows = connection.execute(
            f"SELECT file.*, {TIME} FROM file WHERE run = ? AND (? IS NULL OR log_name = ?)"
            " ORDER BY step, sample, name, log_name",
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
                "sampleIndex": row["sample"],
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
    limit = query.maybe_integer("limit", 1, limits.POINTS) or 1000
    offset = query.maybe_integer("offset") or 0
    log_type = query.choice("logType", LOG_TYPES, "INFO") if query.get("logType") is not None else None
    with store.read() as connection:
        run = _run_in_project(connection, query)
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


def data(store: Store, query: Query, base: str) -> Answer:
    """List what a run logged that is no number: texts, histograms, tables (the embedded server's own call)."""
    log_name = query.maybe_text("logName")
    with store.read() as connection:
        run = _run_in_project(connection, query)
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
    """List the alerts of a run (the embedded server's own call)."""
    with store.read() as connection:
        run = _run_in_project(connection, query)
        rows = connection.execute(
            f"SELECT level, title, body, url, {TIME} FROM alert WHERE run = ? ORDER BY alert.time, rowid", (run["id"],)
        )
        return {"alerts": [dict(row) for row in rows]}


def model_graph(store: Store, query: Query, base: str) -> Answer:
    """Return the graph of a run's model, null when there is none (the embedded server's own call)."""
    with store.read() as connection:
        return {"graph": decoded(_run_in_project(connection, query)["graph"])}


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
        "config": decoded(run["config"]),
        "systemMetadata": decoded(run["metadata"]),
        "loggerSettings": decoded(run["settings"]),
        "statusMetadata": decoded(run["status_metadata"]),
        "createdAt": iso(run["created"]),
        "updatedAt": iso(run["updated"]),
        "statusUpdated": iso(run["status_updated"]),
        "projectName": project,
        "externalId": run["external"],
        "url": page(base, project, run["id"]),
        "logNames": [
            {"logName": row["name"], "logType": row["type"], "logGroup": identifiers.group(row["name"])}
            for row in log_names
        ],
        "statusHistory": [
            {
                "from": event["before"],
                "to": event["after"],
                "source": event["source"],
                "metadata": decoded(event["metadata"]),
                "time": iso(event["time"]),
            }
            for event in events
        ],
    }


def _run_in_project(connection: sqlite3.Connection, query: Query) -> sqlite3.Row:
    run_id, project = query.integer("runId"), query.maybe_text("projectName")
    run: sqlite3.Row | None = connection.execute(
        "SELECT * FROM project_run WHERE id = ? AND (? IS NULL OR project_name = ?)",
        (run_id, project, project),
    ).fetchone()
    if run is None:
        raise Refusal(404, f"Run not found: {run_id}" + (f" in project {project!r}" if project else ""))
    return run


def _series(connection: sqlite3.Connection, query: Query) -> list[sqlite3.Row]:
    """Return the metrics that a query asks for, by name."""
    run = _run_in_project(connection, query)
    log_name, group = query.maybe_text("logName"), query.maybe_text("logGroup")
    rows = connection.execute(
        "SELECT id, name FROM series WHERE run = ? AND (? IS NULL OR name = ?) ORDER BY name",
        (run["id"], log_name, log_name),
    )
    return [row for row in rows if group is None or identifiers.group(row["name"]) == group]


def _statistics(connection: sqlite3.Connection, series: int) -> dict[str, Any] | None:
    """Return the statistics of the finite values, None when there are none; `last` is step and value."""
    row = connection.execute(
        f"SELECT count(*), min(value), max(value), avg(value) FROM metric WHERE series = ? AND {FINITE}", (series,)
    ).fetchone()
    count, low, high, mean = row
    if not count:
        return None
    variance = connection.execute(
        f"SELECT avg((value - ?) * (value - ?)) FROM metric WHERE series = ? AND {FINITE}", (mean, mean, series)
    ).fetchone()[0]
    last = connection.execute(
        f"SELECT step, value FROM metric WHERE series = ? AND {FINITE} ORDER BY step DESC LIMIT 1", (series,)
    ).fetchone()
    return {"count": count, "min": low, "max": high, "mean": mean, "stddev": math.sqrt(variance), "last": tuple(last)}


def _aggregate(connection: sqlite3.Connection, series: int, aggregation: str) -> float | None:
    numbers = _statistics(connection, series)
    if numbers is None:
        return None
    value: float = {
        "MIN": numbers["min"],
        "MAX": numbers["max"],
        "AVG": numbers["mean"],
        "LAST": numbers["last"][1],
        "VARIANCE": numbers["stddev"] ** 2,
    }[aggregation]
    return value


def _flagged(value: float | None) -> tuple[float, str]:
    """Return a stored number as Pluto tells it: 0 and a flag when it is not finite."""
    if value is None:
        return 0, "NaN"
    if math.isinf(value):
        return 0, "Inf" if value > 0 else "-Inf"
    return value, ""


def _among(column: str, run_ids: list[int], query: Query) -> str:
    """Return the condition for runs named in a query; the numbers are integers, so they may stand in the text."""
    return "" if query.get("runIds") is None else f"AND {column} IN ({','.join(map(str, run_ids))})"

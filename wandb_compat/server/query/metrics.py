"""Read metrics back: names, points, statistics, comparison and leaderboard."""

from __future__ import annotations

import json
import math
import sqlite3
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import Query
from wandb_compat.server.query.run_data import TIME, run_in_project
from wandb_compat.server.query.run_list import decode_json, iso_time
from wandb_compat.server.storage import identifiers
from wandb_compat.server.storage.database import IS_FINITE, Store
from wandb_compat.server.storage.runs import run_page_url

Answer = dict[str, Any]

AGGREGATIONS = ("MIN", "MAX", "AVG", "LAST", "VARIANCE")


def metric_names(store: Store, query: Query, base: str) -> Answer:
    """List the names of metrics in a project or in some of its runs."""
    limit = query.optional_integer("limit", 1, limits.NAMES) or limits.NAMES
    run_ids = query.numbers("runIds")
    search = query.optional_text("search") or ""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT DISTINCT series.name FROM series JOIN project_run AS run ON run.id = series.run"
            " WHERE project_name = ? AND instr(lower(series.name), lower(?))"
            f" {_run_id_condition('run.id', run_ids, query)}"
            " ORDER BY series.name LIMIT ?",
            (query.text("projectName"), search, limit),
        )
        return {"metricNames": [row[0] for row in rows]}


def metrics(store: Store, query: Query, base: str) -> Answer:
    """List the points of a run, downsampled to `limit` per metric."""
    limit = query.optional_integer("limit", 1, limits.POINTS) or 2000
    low = query.optional_integer("stepMin") or 0
    high = query.optional_integer("stepMax")
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
                number, flag = _value_and_flag(value)
                points.append(
                    {"logName": name, "logGroup": group, "value": number, "valueFlag": flag, "time": time, "step": step}
                )
    return {"metrics": points}


def statistics(store: Store, query: Query, base: str) -> Answer:
    """Return count, minimum, maximum, mean, standard deviation and last value of a run's metrics."""
    with store.read() as connection:
        run = run_in_project(connection, query)
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
            "url": run_page_url(base, run["project_name"], run["id"]),
            "metrics": found,
        }


def compare(store: Store, query: Query, base: str) -> Answer:
    """Compare one metric across runs."""
    project, log_name = query.text("projectName"), query.text("logName")
    run_ids = query.numbers("runIds", limits.COMPARED)
    compared = []
    with store.read() as connection:
        for run in connection.execute(
            "SELECT run.*, series.id AS series FROM project_run AS run"
            " LEFT JOIN series ON series.run = run.id AND series.name = ?"
            f" WHERE project_name = ? {_run_id_condition('run.id', run_ids, query)} ORDER BY run.id LIMIT ?",
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
                    "url": run_page_url(base, project, run["id"]),
                    "status": run["status"],
                    "config": decode_json(run["config"]),
                    "stats": numbers,
                }
            )
    chosen = ",".join(str(run["runId"]) for run in compared)
    return {
        "projectName": project,
        "logName": log_name,
        "comparisonUrl": f"{run_page_url(base, project, 0).rpartition('/')[0]}?runs={chosen}",
        "runs": compared,
    }


def leaderboard(store: Store, query: Query, base: str) -> Answer:
    """Rank the runs of a project by one metric."""
    project, log_name = query.text("projectName"), query.text("logName")
    aggregation = query.choice("aggregation", AGGREGATIONS, "LAST")
    direction = query.choice("direction", ("ASC", "DESC"), "ASC")
    limit = query.optional_integer("limit", 1, limits.COMPARED) or 50
    offset = query.optional_integer("offset", 0, limits.OFFSET) or 0
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
                "url": run_page_url(base, project, run["id"]),
                "value": value,
                "config": decode_json(run["config"]),
                "tags": json.loads(run["tags"]),
                "createdAt": iso_time(run["created"]),
            }
            for rank, (value, run) in enumerate(ranked[offset : offset + limit], offset + 1)
        ],
        "total": len(ranked),
    }


def _series(connection: sqlite3.Connection, query: Query) -> list[sqlite3.Row]:
    """Return the metrics that a query asks for, by name."""
    run = run_in_project(connection, query)
    log_name, group = query.optional_text("logName"), query.optional_text("logGroup")
    rows = connection.execute(
        "SELECT id, name FROM series WHERE run = ? AND (? IS NULL OR name = ?) ORDER BY name",
        (run["id"], log_name, log_name),
    )
    return [row for row in rows if group is None or identifiers.group(row["name"]) == group]


def _statistics(connection: sqlite3.Connection, series: int) -> dict[str, Any] | None:
    """Return the statistics of the finite values, None when there are none; `last` is step and value."""
    row = connection.execute(
        f"SELECT count(*), min(value), max(value), avg(value) FROM metric WHERE series = ? AND {IS_FINITE}", (series,)
    ).fetchone()
    count, low, high, mean = row
    if not count:
        return None
    variance = connection.execute(
        f"SELECT avg((value - ?) * (value - ?)) FROM metric WHERE series = ? AND {IS_FINITE}", (mean, mean, series)
    ).fetchone()[0]
    last = connection.execute(
        f"SELECT step, value FROM metric WHERE series = ? AND {IS_FINITE} ORDER BY step DESC LIMIT 1", (series,)
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


def _value_and_flag(value: float | None) -> tuple[float, str]:
    """Return value and flag of a stored number as Pluto does: 0 and a flag if it is not finite."""
    if value is None:
        return 0, "NaN"
    if math.isinf(value):
        return 0, "Inf" if value > 0 else "-Inf"
    return value, ""


def _run_id_condition(column: str, run_ids: list[int], query: Query) -> str:
    """Return the condition for runs named in a query; ids are integers, so inlining them is safe."""
    return "" if query.get("runIds") is None else f"AND {column} IN ({','.join(map(str, run_ids))})"

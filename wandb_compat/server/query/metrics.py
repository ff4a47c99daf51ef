"""Read metrics back: names, points, statistics, comparison and leaderboard."""

from __future__ import annotations

import json
import math
import sqlite3
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import Query, RequestError, ValidationError, javascript_integer
from wandb_compat.server.query.run_data import TIME, run_in_project
from wandb_compat.server.query.run_list import decode_json, iso_time
from wandb_compat.server.storage import identifiers
from wandb_compat.server.storage.database import IS_FINITE, Store
from wandb_compat.server.storage.runs import run_page_url

Answer = dict[str, Any]

AGGREGATIONS = ("MIN", "MAX", "AVG", "LAST", "VARIANCE")
FUZZY = 4  # letters of a search from which on one may differ


def metric_names(store: Store, query: Query, base: str) -> Answer:
    """List the names of metrics in a project or in some of its runs."""
    project = query.text("projectName")
    limit = _limit(query, limits.NAMES, limits.NAMES)
    run_ids = query.numbers("runIds")
    search = (query.optional_text("search") or "").strip().lower()
    if len(search) == 1:
        raise RequestError(500, "The search needs at least two letters")
    late = "AND series.id IN (SELECT series FROM statistic)" if store.options.statistics_delay else ""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT DISTINCT series.name FROM series JOIN project_run AS run ON run.id = series.run"
            f" WHERE project_name = ? {_run_id_condition('run.id', run_ids)} {late} ORDER BY series.name",
            (project,),
        )
        names = [row[0] for row in rows if _matches(row[0].lower(), search)]
        return {"projectName": project, "metricNames": names[:limit]}


def metrics(store: Store, query: Query, base: str) -> Answer:
    """List the points of a run, downsampled to `limit` per metric."""
    limit = query.optional_integer("limit", 1, limits.POINTS) or 2000
    low, high = _steps(query)
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
                    {
                        "logName": name,
                        "logGroup": group,
                        "value": number,
                        "valueFlag": flag,
                        "time": time,
                        "step": javascript_integer(step),
                    }
                )
    return {"metrics": points}


def raw_metrics(store: Store, query: Query, base: str) -> Answer:
    """List all points of one metric, without downsampling.

    The real server lists every row that was sent, this one the row that counts for each step.
    """
    query.text("logName")
    limit = query.optional_integer("limit", 1, limits.RAW_POINTS) or limits.RAW_POINTS
    low, high = _steps(query)
    rows: list[Answer] = []
    with store.read() as connection:
        for series in _series(connection, query):
            found = connection.execute(
                f"SELECT step, value, {TIME} FROM metric WHERE series = ? AND step BETWEEN ? AND ?"
                " ORDER BY step LIMIT ?",
                (series["id"], low, high, limit + 1),
            )
            group = identifiers.group(series["name"])
            for step, value, time in found:
                number, flag = _value_and_flag(value)
                rows.append(
                    {
                        "logGroup": group,
                        "step": javascript_integer(step),
                        "time": time,
                        "value": number,
                        "nonFiniteFlags": ("", "NaN", "Inf", "", "-Inf").index(flag),
                    }
                )
    return {"rows": rows[:limit], "truncated": len(rows) > limit}


def statistics(store: Store, query: Query, base: str) -> Answer:
    """Return count, minimum, maximum, mean, standard deviation and last value of a run's metrics."""
    query.text("projectName")
    with store.read() as connection:
        run = run_in_project(connection, query)
        if run is None:
            raise RequestError(404, f"Run not found: {query.get('runId')} in project {query.get('projectName')!r}")
        found = []
        for series in _series(connection, query, ignore_empty_group=False)[: limits.STATISTICS]:
            numbers = _statistics(store, connection, series["id"])
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
    query.text("runIds")
    run_ids = query.numbers("runIds", limits.COMPARED)
    if not run_ids:
        raise RequestError(400, f"runIds has no number of a run: {query.get('runIds')!r:.100}")
    compared = []
    with store.read() as connection:
        for run in connection.execute(
            "SELECT run.*, series.id AS series FROM project_run AS run"
            " LEFT JOIN series ON series.run = run.id AND series.name = ?"
            f" WHERE project_name = ? {_run_id_condition('run.id', run_ids)} ORDER BY run.id LIMIT ?",
            (log_name, project, limits.COMPARED),
        ).fetchall():
            numbers = None if run["series"] is None else _statistics(store, connection, run["series"])
            if numbers is not None and not numbers["count"]:
                numbers = None
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
    limit = _limit(query, 50, limits.COMPARED)
    offset = query.optional_integer("offset", 0, limits.OFFSET) or 0
    ranked = []
    with store.read() as connection:
        for run in connection.execute(
            "SELECT run.*, series.id AS series FROM project_run AS run"
            " JOIN series ON series.run = run.id AND series.name = ? WHERE project_name = ?",
            (log_name, project),
        ).fetchall():
            numbers = _statistics(store, connection, run["series"])
            if numbers is not None:
                ranked.append((_aggregate(numbers, aggregation), run))
    sign = 1 if direction == "ASC" else -1
    ranked.sort(key=lambda pair: (pair[0] is None, sign * (pair[0] or 0), pair[1]["id"]))
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


def update_statistics(store: Store) -> None:
    """Store the statistics of all metrics, for a server that updates them at intervals."""
    with store.write() as connection:
        for (series,) in connection.execute("SELECT id FROM series").fetchall():
            numbers = json.dumps(_current_statistics(connection, series))
            connection.execute("INSERT OR REPLACE INTO statistic (series, numbers) VALUES (?, ?)", (series, numbers))


def _statistics(store: Store, connection: sqlite3.Connection, series: int) -> dict[str, Any] | None:
    """Return the statistics of a metric, None while a server that updates them at intervals has none."""
    if not store.options.statistics_delay:
        return _current_statistics(connection, series)
    row = connection.execute("SELECT numbers FROM statistic WHERE series = ?", (series,)).fetchone()
    return None if row is None else json.loads(row[0])


def _current_statistics(connection: sqlite3.Connection, series: int) -> dict[str, Any] | None:
    """Return the statistics of the finite values, None when there are no points; `last` is step and value.

    As on the real server the last step counts points that are not finite, and extremes without a value are 0.
    """
    last_step = connection.execute("SELECT max(step) FROM metric WHERE series = ?", (series,)).fetchone()[0]
    if last_step is None:
        return None
    row = connection.execute(
        f"SELECT count(*), min(value), max(value), avg(value) FROM metric WHERE series = ? AND {IS_FINITE}", (series,)
    ).fetchone()
    count, low, high, mean = row
    if not count:
        return {"count": 0, "min": 0, "max": 0, "mean": None, "stddev": 0, "last": (last_step, 0)}
    variance = connection.execute(
        f"SELECT avg((value - ?) * (value - ?)) FROM metric WHERE series = ? AND {IS_FINITE}", (mean, mean, series)
    ).fetchone()[0]
    last = connection.execute(
        f"SELECT value FROM metric WHERE series = ? AND {IS_FINITE} ORDER BY step DESC LIMIT 1", (series,)
    ).fetchone()[0]
    return {
        "count": count,
        "min": low,
        "max": high,
        "mean": mean,
        "stddev": math.sqrt(variance),
        "last": (javascript_integer(last_step), last),
    }


def _aggregate(numbers: dict[str, Any], aggregation: str) -> float | None:
    value: float | None = {
        "MIN": numbers["min"],
        "MAX": numbers["max"],
        "AVG": numbers["mean"],
        "LAST": numbers["last"][1],
        "VARIANCE": numbers["stddev"] ** 2 if numbers["count"] else None,
    }[aggregation]
    return value


def _series(connection: sqlite3.Connection, query: Query, ignore_empty_group: bool = True) -> list[sqlite3.Row]:
    """Return the metrics that a query asks for, by name; none for a run that the project does not have."""
    query.text("projectName")
    run = run_in_project(connection, query)
    if run is None:
        return []
    log_name, group = query.optional_text("logName") or None, query.optional_text("logGroup")
    if ignore_empty_group:
        group = group or None
    rows = connection.execute(
        "SELECT id, name FROM series WHERE run = ? AND (? IS NULL OR name = ?) ORDER BY name",
        (run["id"], log_name, log_name),
    )
    return [row for row in rows if group is None or identifiers.group(row["name"]) == group]


def _steps(query: Query) -> tuple[int, int]:
    """Return the first and the last step that a query asks for."""
    low, high = (
        0 if query.get(name) == "" else query.optional_integer(name) for name in ("stepMin", "stepMax")
    )  # an empty text is the number 0 in JavaScript
    return low or 0, limits.STEP if high is None else high


def _limit(query: Query, default: int, most: int) -> int:
    """Return how many entries a query asks for; too many are cut, as on the real server."""
    limit = query.optional_number("limit")
    if limit is None:
        return default
    if limit < 0:
        raise ValidationError("limit must not be negative")
    return min(int(limit), most)


def _matches(name: str, search: str) -> bool:
    """Return whether a name has the search in it; in a longer one a letter may differ."""
    if search in name:
        return True
    if len(search) < FUZZY:
        return False
    windows = (name[start : start + len(search)] for start in range(len(name) - len(search) + 1))
    return any(sum(one != other for one, other in zip(search, window, strict=True)) <= 1 for window in windows)


def _value_and_flag(value: float | None) -> tuple[float, str]:
    """Return value and flag of a stored number as Pluto does: 0 and a flag if it is not finite."""
    if value is None:
        return 0, "NaN"
    if math.isinf(value):
        return 0, "Inf" if value > 0 else "-Inf"
    return value, ""


def _run_id_condition(column: str, run_ids: list[int]) -> str:
    """Return the condition for runs named in a query, if any; ids are integers, so inlining them is safe."""
    return f"AND {column} IN ({','.join(map(str, run_ids))})" if run_ids else ""

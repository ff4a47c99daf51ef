"""Views of the page: each returns the data of one view in one response, bounded in size."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import Fields, Query, RequestError, parse_embedded_json
from wandb_compat.server.query import filters
from wandb_compat.server.query.run_list import decode_json
from wandb_compat.server.storage import downsampling
from wandb_compat.server.storage.database import IS_FINITE, Store
from wandb_compat.wire.packed_config import unpacked

Answer = dict[str, Any]
Link = Callable[[int, str, str], str]

MAX_RUNS = 20  # runs shown together
LINES = 1000  # console lines in one answer


def projects(store: Store, query: Query) -> Answer:
    """List the projects, most recently active first, with counts of runs by status."""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT project.name, count(*), sum(run.status = 'RUNNING'), sum(run.status = 'FAILED'), max(run.seen)"
            " FROM project JOIN run ON run.project = project.id GROUP BY project.id"
            " ORDER BY max(run.seen) DESC LIMIT ?",
            (limits.PROJECTS,),
        )
        names = ("name", "runs", "running", "failed", "seen")
        return {"projects": [dict(zip(names, row, strict=True)) for row in rows]}


def runs(store: Store, query: Query) -> Answer:
    """Return runs shown together: their fields, the keys they logged, their alerts and their forks."""
    with store.read() as connection:
        found = select_runs(connection, query)
        marks = ",".join(str(row["id"]) for row in found)
        return {
            "runs": [_whole(connection, row) for row in found],
            "metrics": [
                row[0]
                for row in connection.execute(f"SELECT DISTINCT name FROM series WHERE run IN ({marks}) ORDER BY 1")
            ],
            "data": [
                {"name": row[0], "type": row[1], "count": row[2]}
                for row in connection.execute(
                    f"SELECT name, type, count(*) FROM datum WHERE run IN ({marks}) GROUP BY name, type ORDER BY name"
                )
            ],
            "files": [
                {"name": row[0], "type": row[1], "count": row[2], "bytes": row[3]}
                for row in connection.execute(
                    f"SELECT log_name, type, count(*), sum(size) FROM (SELECT *, max(id) FROM file"
                    f" WHERE run IN ({marks}) AND type != 'mask' GROUP BY run, log_name, step, sample, name)"
                    " GROUP BY log_name, type ORDER BY log_name"
                )
            ],
            "console": connection.execute(f"SELECT count(*) FROM console WHERE run IN ({marks})").fetchone()[0],
            "alerts": [
                dict(row)
                for row in connection.execute(
                    f"SELECT run, time, level, title, body, url FROM alert WHERE run IN ({marks})"
                    " ORDER BY time DESC LIMIT ?",
                    (LINES,),
                )
            ],
        }


def find(store: Store, query: Query) -> Answer:
    """Return the number of the run with a number, display id or external id."""
    text = query.text("run")
    with store.read() as connection:
        rows = connection.execute(
            "SELECT id FROM project_run WHERE display = ? OR external = ? OR id = ?"
            " ORDER BY id = ? DESC, id DESC LIMIT 2",
            (text, text, int(text) if text.isdecimal() and len(text) < 19 else -1, text),
        ).fetchall()
    if not rows:
        raise RequestError(404, f"Run not found: {text!r}. Use its number, its display id or its wandb id")
    if len(rows) > 1:
        raise RequestError(409, f"Several runs match {text!r}; use the number in the run's address")
    return {"run": rows[0]["id"]}


def summary(store: Store, query: Query) -> Answer:
    """Return the last, lowest and highest finite value of each metric of runs."""
    with store.read() as connection:
        found: dict[str, dict[int, Any]] = {}
        for run in select_runs(connection, query):
            for series, name in connection.execute("SELECT id, name FROM series WHERE run = ?", (run["id"],)):
                last = connection.execute(
                    f"SELECT step, value FROM metric WHERE series = ? AND {IS_FINITE} ORDER BY step DESC LIMIT 1",
                    (series,),
                ).fetchone()
                if last is not None:
                    buckets = downsampling.buckets(connection, series, 0, limits.STEP, 16)
                    low, high = (
                        float(min(number for number in column if number == number))
                        if sign > 0
                        else float(max(number for number in column if number == number))
                        for sign, column in ((1, buckets[:, downsampling.LOW]), (-1, buckets[:, downsampling.HIGH]))
                    )
                    found.setdefault(name, {})[run["id"]] = {"step": last[0], "last": last[1], "min": low, "max": high}
        return {"metrics": [{"name": name, "runs": found[name]} for name in sorted(found)]}


def files(store: Store, query: Query, link: Link) -> Answer:
    """Return the latest files of runs, all or those under `names` or keys that begin with `prefix`; links expire."""
    names, prefix = texts(query, "names"), query.optional_text("prefix")
    among = f"AND log_name IN ({','.join('?' * len(names))})" if names else ""
    with store.read() as connection:
        found = []
        for run in select_runs(connection, query):
            rows = connection.execute(
                "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY log_name ORDER BY step DESC, sample) AS place"
                " FROM (SELECT *, max(id) FROM file WHERE run = ? AND (? IS NULL OR substr(log_name, 1, length(?)) = ?)"
                f" {among} GROUP BY log_name, step, sample, name))"
                " WHERE place <= ? ORDER BY log_name, step, sample, name",
                (run["id"], prefix, prefix, prefix, *names, limits.FILES),
            )
            found += [
                {
                    "run": row["run"],
                    "key": row["log_name"],
                    "name": row["name"],
                    "type": row["type"],
                    "size": row["size"],
                    "step": row["step"],
                    "sample": row["sample"],
                    "time": row["time"],
                    "caption": row["caption"],
                    "annotations": decode_json(row["annotations"]) if _is_document(row["annotations"]) else None,
                    "url": link(row["run"], row["log_name"], row["name"]),
                }
                for row in rows
            ]
        return {"files": found}


def console(store: Store, query: Query) -> Answer:
    """Return the last console lines of a run that hold a text, before `offset` lines from the end."""
    run = query.integer("run")
    search = (query.optional_text("search") or "").lower()
    offset = query.optional_integer("offset", 0, 10**9) or 0
    with store.read() as connection:
        condition, given = "run = ? AND (? = '' OR instr(lower(plain(message)), ?) > 0)", (run, search, search)
        total = connection.execute(f"SELECT count(*) FROM console WHERE {condition}", given).fetchone()[0]
        rows = connection.execute(
            f"SELECT time, type, line, message FROM console WHERE {condition}"
            " ORDER BY time DESC, line DESC LIMIT ? OFFSET ?",
            (*given, LINES, offset),
        ).fetchall()
        return {"total": total, "lines": [list(row) for row in reversed(rows)]}


def change_token(store: Store, numbers: list[int], project: str | None) -> list[Any]:
    """Return a value that changes whenever the given runs, any run of a project or any run at all changes."""
    with store.read() as connection:
        if project is not None:
            row = connection.execute(
                "SELECT count(*), max(seen), sum(updated), sum(status = 'RUNNING') FROM project_run"
                " WHERE project_name = ?",
                (project,),
            ).fetchone()
            return list(row)
        if not numbers:
            row = connection.execute("SELECT count(*), max(seen), sum(status = 'RUNNING') FROM project_run").fetchone()
            return list(row)
        marks = ",".join(map(str, numbers))
        rows = connection.execute(
            f"SELECT id, status, seen, updated FROM project_run WHERE id IN ({marks}) ORDER BY id"
        )
        return [list(row) for row in rows]


def texts(query: Query, name: str) -> list[str]:
    """Return the texts of a parameter that is a JSON list."""
    found = parse_embedded_json(query.optional_text(name) or "[]")
    return Fields({name: found}).texts(name)


def select_runs(connection: sqlite3.Connection, query: Query) -> list[sqlite3.Row]:
    """Return the runs that a query names, in its order."""
    numbers = query.numbers("runs")
    if not 0 < len(numbers) <= MAX_RUNS:
        raise RequestError(400, f"{len(numbers)} runs given; 1 to {MAX_RUNS} can be shown together")
    found = []
    for number in dict.fromkeys(numbers):
        row = connection.execute("SELECT * FROM project_run WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise RequestError(404, f"Run not found: {number}")
        found.append(row)
    return found


def brief(row: sqlite3.Row) -> Answer:
    """Return the fields of a run that every list of runs shows."""
    return {
        "id": row["id"],
        "display": row["display"],
        "external": row["external"],
        "number": row["number"],
        "name": row["name"],
        "project": row["project_name"],
        "status": row["status"],
        "tags": json.loads(row["tags"]),
        "created": row["created"],
        "ended": None if row["status"] == "RUNNING" else max(row["status_updated"], row["created"]),
        "seen": row["seen"],
        "color": row["color"],
        "archived": bool(row["archived"]),
    }


def _whole(connection: sqlite3.Connection, row: sqlite3.Row) -> Answer:
    config = decode_json(row["config"])
    config = unpacked(config) if isinstance(config, dict) else config
    flat = filters.flatten(config)
    relatives = connection.execute(
        "SELECT id, display, name, fork_step FROM project_run WHERE parent = ? ORDER BY id LIMIT ?",
        (row["id"], MAX_RUNS),
    )
    lineage: list[Answer] = []
    at = row
    while at is not None and at["parent"] is not None and len(lineage) < limits.FORK_DEPTH:
        step = at["fork_step"]
        at = connection.execute("SELECT * FROM project_run WHERE id = ?", (at["parent"],)).fetchone()
        if at is not None:
            lineage.append({"id": at["id"], "display": at["display"], "name": at["name"], "step": step})
    own = config.get("wandb") if isinstance(config, dict) else None
    return {
        **brief(row),
        "notes": row["notes"],
        "config": {key: value for key, value in flat.items() if not key.startswith("wandb.")},
        "wandb": own if isinstance(own, dict) else {},
        "metadata": filters.flatten(decode_json(row["metadata"])),
        "lineage": lineage,
        "forks": [dict(relative) for relative in relatives],
    }


def _is_document(text: str | None) -> bool:
    try:
        json.loads(text or "null")
    except ValueError:
        return False
    return True

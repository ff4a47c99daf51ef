"""What the page shows, each view's data in one answer; the page never gets more than it can draw."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import struct
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from wandb_compat.server import limits
from wandb_compat.server.params import Fields, Query, Refusal, inner_document
from wandb_compat.server.query import filters, run_list
from wandb_compat.server.query.run_list import decoded
from wandb_compat.server.storage import downsampling
from wandb_compat.server.storage.database import FINITE, Store

Answer = dict[str, Any]
Link = Callable[[int, str, str], str]

SHOWN = 20  # runs that are shown together
LINES = 1000  # console lines in one answer
STEPS = 200  # steps of a series of histograms, tables or files in one answer
TEXTS = 5000  # changes of a string series in one answer


def projects(store: Store, query: Query) -> Answer:
    """List the projects, the one with the latest news first, with counts of runs by status."""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT project.name, count(*), sum(run.status = 'RUNNING'), sum(run.status = 'FAILED'), max(run.seen)"
            " FROM project JOIN run ON run.project = project.id GROUP BY project.id"
            " ORDER BY max(run.seen) DESC LIMIT ?",
            (limits.PROJECTS,),
        )
        names = ("name", "runs", "running", "failed", "seen")
        return {"projects": [dict(zip(names, row, strict=True)) for row in rows]}


def run_table(store: Store, query: Query) -> Answer:
    """Return one page of a project's runs with the columns that are asked for.

    Query:
        project, search, filter, sort: as in the list of runs; search also looks at tags.
        columns: JSON list of `config.KEY` and `summary.METRIC`, the last finite value of a metric.
        limit, offset: which page.
    """
    project = query.text("project")
    limit = query.maybe_integer("limit", 1, 1000) or 100
    offset = query.maybe_integer("offset", 0, limits.OFFSET) or 0
    columns = _texts(query, "columns")
    accepted = filters.compile_filter(inner_document(query.maybe_text("filter") or "{}"))
    words = (query.maybe_text("search") or "").lower().split()
    sort_key, present, descending = run_list.sorter(query.maybe_text("sort") or "-createdAt")
    with store.read() as connection:
        found: list[run_list.Run] = []
        missing: list[run_list.Run] = []
        tags: set[str] = set()
        rows = connection.execute("SELECT * FROM project_run WHERE project_name = ?", (project,)).fetchall()
        for row in rows:
            run = run_list.Run(connection, row)
            tags.update(run.tags)
            text = f"{run.name} {row['display']} {row['external']} {' '.join(run.tags)}".lower()
            if all(word in text for word in words) and accepted(run):
                (found if present is None or present(run) else missing).append(run)
        found.sort(key=lambda run: (sort_key(run), run.row["id"]), reverse=descending)
        found += missing  # they stay in sight, behind those that can be compared
        shown = found[offset : offset + limit]
        return {
            "total": len(found),
            "all": len(rows),
            "tags": sorted(tags),
            "runs": [{**_brief(run.row), "values": [_cell(run, column) for column in columns]} for run in shown],
        }


def columns(store: Store, query: Query) -> Answer:
    """List what a project's run table can show beside the fixed columns: keys of configs, and metrics."""
    project = query.text("project")
    with store.read() as connection:
        keys: set[str] = set()
        for row in connection.execute("SELECT config FROM project_run WHERE project_name = ?", (project,)):
            keys.update(key for key in filters.flatten(decoded(row[0])) if not key.startswith("wandb."))
        metrics = connection.execute(
            "SELECT DISTINCT series.name FROM series JOIN project_run AS run ON run.id = series.run"
            " WHERE project_name = ? ORDER BY series.name",
            (project,),
        )
        return {"config": sorted(keys), "summary": [row[0] for row in metrics]}


def runs(store: Store, query: Query) -> Answer:
    """Return runs that are shown together: what they are, what they logged under which keys, how they were forked."""
    with store.read() as connection:
        found = chosen(connection, query)
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
                    f"SELECT log_name, type, count(*), sum(size) FROM file WHERE run IN ({marks}) AND type != 'mask'"
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
    """Return the number of the run that a text names: its number, its display id or its external id."""
    text = query.text("run")
    with store.read() as connection:
        rows = connection.execute(
            "SELECT id FROM run WHERE display = ? OR external = ? OR id = ? ORDER BY id = ? DESC, id DESC LIMIT 2",
            (text, text, int(text) if text.isdecimal() and len(text) < 19 else -1, text),
        ).fetchall()
    if not rows:
        raise Refusal(404, f"There is no run {text!r}; name its number, its display id or its wandb id")
    if len(rows) > 1:
        raise Refusal(409, f"Several runs are called {text!r}; name the number that stands in the run's address")
    return {"run": rows[0]["id"]}


def charts(store: Store, asked: Fields) -> bytes:
    """Return the lines of charts, thinned, in one piece.

    Args:
        store: the data folder.
        asked: `runs`, numbers; `keys`, metrics; `width`, how many buckets a line may have; `low` and `high`, steps.

    Returns:
        Four bytes with the length of a JSON header (little-endian), the header, blanks up to a multiple of eight bytes,
        then doubles: of each line in the header's `lines` first all steps, then all times, lowest, highest and mean
        values and numbers of points without a finite value. The header also tells the last finite value of each.
    """
    numbers, keys = asked.get("runs"), asked.texts("keys")
    if not isinstance(numbers, list) or not all(type(number) is int for number in numbers) or len(numbers) > SHOWN:
        raise Refusal(400, f"runs must be a list of at most {SHOWN} numbers of runs")
    width = asked.integer("width", 1, 5000)
    low, high = asked.maybe_integer("low") or 0, asked.maybe_integer("high")
    high = limits.STEP if high is None else high
    lines, pieces = [], []
    with store.read() as connection:
        known = {
            (row[0], row[1]): row[2]
            for number in numbers
            for row in connection.execute("SELECT run, name, id FROM series WHERE run = ?", (number,))
        }
        for key in keys:
            for number in numbers:
                series = known.get((number, key))
                if series is None:
                    continue
                found = downsampling.buckets(connection, series, low, high, width)
                if len(found):
                    last = downsampling.last(connection, series, found, high)
                    lines.append({"run": number, "key": key, "length": len(found), "last": last})
                    pieces.append(found.T.tobytes())
    header = orjson.dumps({"lines": lines})
    header += b" " * (-(len(header) + 4) % 8)
    return b"".join([struct.pack("<I", len(header)), header, *pieces])


def summary(store: Store, query: Query) -> Answer:
    """Return the last, lowest and highest finite value of each metric of runs."""
    with store.read() as connection:
        found: dict[str, dict[int, Any]] = {}
        for run in chosen(connection, query):
            for series, name in connection.execute("SELECT id, name FROM series WHERE run = ?", (run["id"],)):
                last = connection.execute(
                    f"SELECT step, value FROM metric WHERE series = ? AND {FINITE} ORDER BY step DESC LIMIT 1",
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


def values(store: Store, query: Query) -> Answer:
    """Return what runs logged under a key that is no number, at most so many steps of each, evenly chosen."""
    name, kind = query.text("name"), query.text("type")
    most = TEXTS if kind == "string-series" else STEPS
    with store.read() as connection:
        found = []
        for run in chosen(connection, query):
            rows = connection.execute(
                "SELECT step, time, data FROM (SELECT step, time, data, id,"
                " row_number() OVER (ORDER BY step, id) AS place, count(*) OVER () AS total"
                " FROM datum WHERE run = ? AND name = ? AND type = ?)"
                " WHERE place = total OR (place - 1) % ((total + ? - 1) / ?) = 0 ORDER BY step, id",
                (run["id"], name, kind, most, most),
            ).fetchall()
            found += [{"run": run["id"], "step": row[0], "time": row[1], "data": row[2]} for row in rows]
        return {"values": found}


def files(store: Store, query: Query, link: Link) -> Answer:
    """Return the latest files of runs, all or those under `names` or keys that begin with `prefix`; links expire."""
    names, prefix = _texts(query, "names"), query.maybe_text("prefix")
    among = f"AND log_name IN ({','.join('?' * len(names))})" if names else ""
    with store.read() as connection:
        found = []
        for run in chosen(connection, query):
            rows = connection.execute(
                "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY log_name ORDER BY step DESC, sample) AS place"
                f" FROM file WHERE run = ? AND (? IS NULL OR substr(log_name, 1, length(?)) = ?) {among})"
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
                    "annotations": decoded(row["annotations"]) if _is_document(row["annotations"]) else None,
                    "url": link(row["run"], row["log_name"], row["name"]),
                }
                for row in rows
            ]
        return {"files": found}


def console(store: Store, query: Query) -> Answer:
    """Return the last console lines of a run that hold a text, before `offset` lines from the end."""
    run = query.integer("run")
    search = (query.maybe_text("search") or "").lower()
    offset = query.maybe_integer("offset", 0, 10**9) or 0
    with store.read() as connection:
        condition, given = "run = ? AND (? = '' OR instr(lower(plain(message)), ?) > 0)", (run, search, search)
        total = connection.execute(f"SELECT count(*) FROM console WHERE {condition}", given).fetchone()[0]
        rows = connection.execute(
            f"SELECT time, type, line, message FROM console WHERE {condition}"
            " ORDER BY time DESC, line DESC LIMIT ? OFFSET ?",
            (*given, LINES, offset),
        ).fetchall()
        return {"total": total, "lines": [list(row) for row in reversed(rows)]}


def pulse(store: Store, numbers: list[int], project: str | None) -> list[Any]:
    """Return what differs whenever runs, any run of a project or any run at all has news."""
    with store.read() as connection:
        if project is not None:
            row = connection.execute(
                "SELECT count(*), max(seen), max(updated), sum(status = 'RUNNING') FROM project_run"
                " WHERE project_name = ?",
                (project,),
            ).fetchone()
            return list(row)
        if not numbers:
            return list(connection.execute("SELECT count(*), max(seen), sum(status = 'RUNNING') FROM run").fetchone())
        marks = ",".join(map(str, numbers))
        rows = connection.execute(f"SELECT id, status, seen, updated FROM run WHERE id IN ({marks}) ORDER BY id")
        return [list(row) for row in rows]


def exported(store: Store, query: Query) -> Iterator[bytes]:
    """Yield the metrics of runs as CSV: a line for each run and step, a column for each metric."""
    with store.read() as connection:
        found = chosen(connection, query)
        marks = ",".join(str(run["id"]) for run in found)
        names = [
            row[0] for row in connection.execute(f"SELECT DISTINCT name FROM series WHERE run IN ({marks}) ORDER BY 1")
        ]
        places = {name: place for place, name in enumerate(names)}
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow([_harmless(cell) for cell in ("run", "name", "step", "time", *names)])
        for run in found:
            series = dict(connection.execute("SELECT id, name FROM series WHERE run = ?", (run["id"],)).fetchall())
            rows = connection.execute(
                f"SELECT step, time, series, value FROM metric WHERE series IN ({','.join(map(str, series)) or 'NULL'})"
                " ORDER BY step"
            )
            cells: list[Any] = []
            at = None
            for step, time, number, value in rows:
                if step != at:
                    if cells:
                        writer.writerow(cells)
                    if buffer.tell() > 1 << 16:
                        yield buffer.getvalue().encode()
                        buffer.seek(0)
                        buffer.truncate()
                    at, cells = step, [run["id"], _harmless(run["name"]), step, time] + [""] * len(names)
                cells[4 + places[series[number]]] = "nan" if value is None else repr(value)
            if cells:
                writer.writerow(cells)
        yield buffer.getvalue().encode()


def parquet(store: Store, query: Query) -> bytes:
    """Return the metrics of runs as Parquet: a row for each number, with run, key, step, time and value."""
    try:
        import pyarrow as pa
        from pyarrow import parquet as writer
    except ImportError:
        raise Refusal(501, "Parquet needs the package pyarrow where the server runs: pip install pyarrow") from None
    schema = pa.schema(
        {
            "run": pa.int64(),
            "name": pa.string(),
            "key": pa.string(),
            "step": pa.int64(),
            "time": pa.timestamp("ms", "UTC"),
            "value": pa.float64(),
        }
    )
    sink = io.BytesIO()
    with store.read() as connection, writer.ParquetWriter(sink, schema) as written:
        for run in chosen(connection, query):
            for series, key in connection.execute("SELECT id, name FROM series WHERE run = ?", (run["id"],)).fetchall():
                rows = connection.execute(
                    "SELECT step, time, coalesce(value, 'nan') FROM metric WHERE series = ? ORDER BY step", (series,)
                ).fetchall()
                written.write_table(
                    pa.table(
                        {
                            "run": [run["id"]] * len(rows),
                            "name": [run["name"]] * len(rows),
                            "key": [key] * len(rows),
                            "step": [row[0] for row in rows],
                            "time": [row[1] for row in rows],
                            "value": [float(row[2]) for row in rows],
                        },
                        schema,
                    )
                )
    return sink.getvalue()


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if re.match(r"[=+\-@\t\r]", text) else text


def _texts(query: Query, name: str) -> list[str]:
    found = inner_document(query.maybe_text(name) or "[]")
    return Fields({name: found}).texts(name)


def chosen(connection: sqlite3.Connection, query: Query) -> list[sqlite3.Row]:
    """Return the runs that a query names, in its order."""
    numbers = query.numbers("runs")
    if not 0 < len(numbers) <= SHOWN:
        raise Refusal(400, f"{len(numbers)} runs are named; from 1 to {SHOWN} can be shown together")
    found = []
    for number in dict.fromkeys(numbers):
        row = connection.execute("SELECT * FROM project_run WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise Refusal(404, f"Run not found: {number}")
        found.append(row)
    return found


def _brief(row: sqlite3.Row) -> Answer:
    return {
        "id": row["id"],
        "display": row["display"],
        "external": row["external"],
        "name": row["name"],
        "project": row["project_name"],
        "status": row["status"],
        "tags": json.loads(row["tags"]),
        "created": row["created"],
        "ended": None if row["status"] == "RUNNING" else row["status_updated"],
        "seen": row["seen"],
    }


def _whole(connection: sqlite3.Connection, row: sqlite3.Row) -> Answer:
    config = decoded(row["config"])
    flat = filters.flatten(config)
    relatives = connection.execute(
        "SELECT id, display, name, fork_step FROM run WHERE parent = ? ORDER BY id LIMIT ?", (row["id"], SHOWN)
    )
    lineage: list[Answer] = []
    at = row
    while at is not None and at["parent"] is not None and len(lineage) < limits.FORK_DEPTH:
        step = at["fork_step"]
        at = connection.execute("SELECT * FROM run WHERE id = ?", (at["parent"],)).fetchone()
        if at is not None:
            lineage.append({"id": at["id"], "display": at["display"], "name": at["name"], "step": step})
    own = config.get("wandb") if isinstance(config, dict) else None
    return {
        **_brief(row),
        "config": {key: value for key, value in flat.items() if not key.startswith("wandb.")},
        "wandb": own if isinstance(own, dict) else {},
        "metadata": filters.flatten(decoded(row["metadata"])),
        "lineage": lineage,
        "forks": [dict(relative) for relative in relatives],
    }


def _cell(run: run_list.Run, column: str) -> Any:
    kind, _, key = column.partition(".")
    if kind == "config":
        return run.config.get(key)
    if kind == "summary":
        return run.summary.get(key)
    raise Refusal(400, f"Unknown column {column!r}; there are config.KEY and summary.METRIC")


def _is_document(text: str | None) -> bool:
    try:
        json.loads(text or "null")
    except ValueError:
        return False
    return True

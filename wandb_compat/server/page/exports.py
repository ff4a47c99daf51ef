"""Export the metrics of runs as CSV and Parquet."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from wandb_compat.server.page.views import select_runs
from wandb_compat.server.params import Query, RequestError
from wandb_compat.server.storage.database import Store


def csv_lines(store: Store, query: Query) -> Iterator[bytes]:
    """Yield the metrics of runs as CSV, one line per run and step, one column per metric."""
    with store.read() as connection:
        found = select_runs(connection, query)
        marks = ",".join(str(run["id"]) for run in found)
        names = [
            row[0] for row in connection.execute(f"SELECT DISTINCT name FROM series WHERE run IN ({marks}) ORDER BY 1")
        ]
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow([_escape_formula(cell) for cell in ("run", "name", "step", "time", *names)])
        for run in found:
            for cells in _csv_rows(connection, run, names):
                writer.writerow(cells)
                if buffer.tell() > 1 << 16:
                    yield buffer.getvalue().encode()
                    buffer.seek(0)
                    buffer.truncate()
        yield buffer.getvalue().encode()


def _csv_rows(connection: sqlite3.Connection, run: sqlite3.Row, names: list[str]) -> Iterator[list[Any]]:
    """Yield the cells of each step of a run."""
    columns = {name: 4 + position for position, name in enumerate(names)}
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
                yield cells
            at, cells = step, [run["id"], _escape_formula(run["name"]), step, time] + [""] * len(names)
        cells[columns[series[number]]] = "nan" if value is None else repr(value)
    if cells:
        yield cells


def parquet_file(store: Store, query: Query) -> bytes:
    """Return the metrics of runs as Parquet: a row for each number, with run, key, step, time and value."""
    try:
        import pyarrow as pa
        from pyarrow import parquet as writer
    except ImportError:
        raise RequestError(
            501, "Parquet needs the package pyarrow where the server runs: pip install pyarrow"
        ) from None
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
        for run in select_runs(connection, query):
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


def _escape_formula(text: str) -> str:
    """Return a text that spreadsheets do not evaluate as a formula."""
    return f"'{text}" if re.match(r"[=+\-@\t\r]", text) else text

"""Data of the page's charts: downsampled lines of metrics, and other values over steps."""

from __future__ import annotations

import struct
from typing import Any

import orjson

from wandb_compat.server import limits
from wandb_compat.server.page.views import MAX_RUNS, select_runs
from wandb_compat.server.params import Fields, Query, RequestError
from wandb_compat.server.storage import downsampling
from wandb_compat.server.storage.database import Store

Answer = dict[str, Any]

STEPS = 200  # steps of a series of histograms, tables or files in one answer
TEXTS = 5000  # changes of a string series in one answer


def charts(store: Store, asked: Fields) -> bytes:
    """Return the downsampled lines of charts in one binary response.

    Args:
        store: the data folder.
        asked: `runs`, numbers; `keys`, metrics; `width`, maximum buckets per line; `low` and `high`, steps.

    Returns:
        Four bytes with the length of a JSON header (little-endian), the header, blanks up to a multiple of eight bytes,
        then doubles: of each line in the header's `lines` first all steps, then all times, lowest, highest and mean
        values and numbers of points without a finite value. The header also has the last finite value of each line.
    """
    numbers, keys = asked.get("runs"), asked.texts("keys")
    if not isinstance(numbers, list) or not all(type(number) is int for number in numbers) or len(numbers) > MAX_RUNS:
        raise RequestError(400, f"runs must be a list of at most {MAX_RUNS} numbers of runs")
    width = asked.integer("width", 1, 5000)
    low, high = asked.optional_integer("low") or 0, asked.optional_integer("high")
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


def values(store: Store, query: Query) -> Answer:
    """Return non-numeric values that runs logged under a key, evenly sampled to a maximum number of steps."""
    name, kind = query.text("name"), query.text("type")
    most = TEXTS if kind == "string-series" else STEPS
    with store.read() as connection:
        found = []
        for run in select_runs(connection, query):
            rows = connection.execute(
                "SELECT step, time, data FROM (SELECT step, time, data, id,"
                " row_number() OVER (ORDER BY step, id) AS place, count(*) OVER () AS total"
                " FROM datum WHERE run = ? AND name = ? AND type = ?)"
                " WHERE place = total OR (place - 1) % ((total + ? - 1) / ?) = 0 ORDER BY step, id",
                (run["id"], name, kind, most, most),
            ).fetchall()
            found += [{"run": run["id"], "step": row[0], "time": row[1], "data": row[2]} for row in rows]
        return {"values": found}

"""Data of the page's charts: downsampled lines of metrics, and other values over steps."""

from __future__ import annotations

import itertools
import sqlite3
import struct
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from wandb_compat.server import limits
from wandb_compat.server.page.views import select_runs
from wandb_compat.server.params import Fields, Query, RequestError
from wandb_compat.server.storage import downsampling
from wandb_compat.server.storage.database import Store

Answer = dict[str, Any]

STEPS = 200  # steps of a series of histograms, tables or files in one answer
TEXTS = 5000  # changes of a string series in one answer
RUNS = 100  # runs whose lines are drawn together
GROUPED_RUNS = 1000  # runs of all groups of a chart
GROUP_BUCKETS = 200_000  # of all runs of a chart's groups, so that 200 runs are averaged in well under a second

Columns = NDArray[np.float64]


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
    numbers, keys = _numbers(asked.get("runs"), RUNS), asked.texts("keys")
    width = asked.integer("width", 1, 5000)
    low, high = _steps(asked)
    lines, pieces = [], []
    with store.read() as connection:
        known = _series(connection, numbers)
        for key in keys:
            for number in numbers:
                series = known.get((number, key))
                if series is None:
                    continue
                found = downsampling.buckets(connection, series, low, high, width)
                if len(found):
                    last = downsampling.last(connection, series, found, high)
                    lines.append({"run": number, "key": key, "length": len(found), "last": last})
                    pieces.append(found.T)
    return _packed(lines, pieces)


def groups(store: Store, asked: Fields) -> bytes:
    """Return the lines of groups of runs: the mean of the runs at each place of the x axis, and their spread.

    Between its first and its last point a run counts with its interpolated value, so that runs that log at different
    steps, or of different lengths, can be averaged.

    Args:
        store: the data folder.
        asked: `groups`, lists of numbers of runs; `keys`, metrics; `width`, maximum points per line; `x`, which is
            `step`, `time` (seconds since the first point) or a metric; `low` and `high`, steps.

    Returns:
        The same format as of `charts`: in the header `group`, the position in the list, and `key` of each line; then x,
        mean, lowest and highest value, standard deviation of the sample, and number of runs.
    """
    listed = asked.get("groups")
    if not isinstance(listed, list):
        raise RequestError(400, "groups must be a list of lists of numbers of runs")
    members = [_numbers(one, GROUPED_RUNS) for one in listed]
    if sum(map(len, members)) > GROUPED_RUNS:
        raise RequestError(400, f"At most {GROUPED_RUNS} runs can be grouped in one chart")
    keys, across = asked.texts("keys"), asked.optional_text("x") or "step"
    width = asked.integer("width", 1, 5000)
    steps = _steps(asked)
    buckets = min(1000, max(100, GROUP_BUCKETS // max(1, sum(map(len, members)))))
    lines, pieces = [], []
    with store.read() as connection:
        known = _series(connection, [number for group in members for number in group])
        for key, (place, group) in itertools.product(keys, enumerate(members)):
            drawn = (_curve(connection, known, number, key, across, steps, buckets) for number in group)
            curves = [curve for curve in drawn if curve is not None]
            if curves:
                found = averaged(curves, width)
                lines.append({"group": place, "key": key, "length": len(found[0]), "runs": len(curves)})
                pieces.append(found)
    return _packed(lines, pieces)


def averaged(curves: list[tuple[Columns, Columns]], width: int) -> Columns:
    """Return x, mean, lowest, highest, standard deviation and count of curves, at no more than `width` places.

    Args:
        curves: x, increasing, and values of each curve; not empty.
        width: the most places.
    """
    grid = np.unique(np.concatenate([x for x, _ in curves]))
    if len(grid) > width:
        grid = np.linspace(grid[0], grid[-1], width)
    table = np.stack([np.interp(grid, x, y, left=np.nan, right=np.nan) for x, y in curves])
    there = ~np.isnan(table)
    count = there.sum(axis=0)
    kept = count > 0  # equal distances can miss a curve of one point
    table, there, count, grid = table[:, kept], there[:, kept], count[kept], grid[kept]
    mean = np.where(there, table / count, 0.0).sum(axis=0)
    spread = np.where(there, table - mean, 0.0)
    deviation = np.sqrt((spread**2).sum(axis=0) / np.maximum(count - 1, 1))
    return np.stack([grid, mean, np.fmin.reduce(table), np.fmax.reduce(table), deviation, count.astype(float)])


def _curve(
    connection: sqlite3.Connection,
    known: dict[tuple[int, str], int],
    run: int,
    key: str,
    across: str,
    steps: tuple[int, int],
    wanted: int,
) -> tuple[Columns, Columns] | None:
    """Return x and finite values of a run's metric, sorted by x, or None if there are none."""
    series = known.get((run, key))
    if series is None:
        return None
    found = downsampling.buckets(connection, series, *steps, wanted)
    found = found[np.isfinite(found[:, downsampling.MEAN])]
    if not len(found):
        return None
    x = found[:, downsampling.STEP]
    if across == "time":
        x = (found[:, downsampling.TIME] - found[0, downsampling.TIME]) / 1000
    elif across != "step":
        other = known.get((run, across))
        if other is None:
            return None
        base = downsampling.buckets(connection, other, *steps, wanted)
        base = base[np.isfinite(base[:, downsampling.MEAN])]
        if not len(base):
            return None
        x = np.interp(x, base[:, downsampling.STEP], base[:, downsampling.MEAN], left=np.nan, right=np.nan)
    order = np.argsort(x, kind="stable")
    order = order[np.isfinite(x[order])]
    return (x[order], found[order, downsampling.MEAN]) if len(order) else None


def _numbers(given: Any, most: int) -> list[int]:
    if not isinstance(given, list) or not all(type(number) is int for number in given) or len(given) > most:
        raise RequestError(400, f"runs must be a list of at most {most} numbers of runs")
    return given


def _steps(asked: Fields) -> tuple[int, int]:
    low, high = asked.optional_integer("low") or 0, asked.optional_integer("high")
    return low, limits.STEP if high is None else high


def _series(connection: sqlite3.Connection, numbers: list[int]) -> dict[tuple[int, str], int]:
    """Return the series of runs by run and name."""
    return {
        (row[0], row[1]): row[2]
        for number in numbers
        for row in connection.execute("SELECT run, name, id FROM series WHERE run = ?", (number,))
    }


def _packed(lines: list[Answer], pieces: list[Columns]) -> bytes:
    header = orjson.dumps({"lines": lines})
    header += b" " * (-(len(header) + 4) % 8)
    return b"".join(
        [struct.pack("<I", len(header)), header, *(np.ascontiguousarray(piece).tobytes() for piece in pieces)]
    )


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

"""Downsamples metrics into buckets with extremes, stored beside the points so that long series draw quickly.

A *bucket* is six numbers about consecutive points of a series: step and time of the first one, lowest, highest and
mean finite value, and how many points have no finite value. A *chunk* is 16 buckets in a row. At level 0 a bucket
covers 32 points, at each further level twice as many. Only full chunks are stored: the rest of a
level is covered by the level below, and finally by the points themselves. So a chunk never changes until a point
arrives at a step that it covers; then the chunk is deleted and built again.
"""

from __future__ import annotations

import sqlite3
import time
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from wandb_compat.server.storage.database import IS_FINITE, Store

Buckets = NDArray[np.float64]

STEP, TIME, LOW, HIGH, MEAN, HOLES = range(6)
COLUMNS = 6
POINTS = 32  # points in a bucket of level 0
LENGTH = 16  # buckets in a chunk
CHUNK = POINTS * LENGTH  # points in a chunk of level 0
SPAN = 64 * CHUNK  # points of one series that are downsampled at a time
ROUND = 4 * SPAN  # points that are downsampled in one round
SERIES = 2000  # series that are checked in one round
IDLE_INTERVAL = 1.0  # seconds between two rounds when there is nothing to do


def run_all(store: Store) -> int:
    """Downsample the whole backlog; return the number of points."""
    downsampled, more = 0, True
    while more:
        points, more = run_round(store)
        downsampled += points
    return downsampled


def run_paced_round(store: Store) -> float:
    """Run one round; return the seconds to wait, so that ingest keeps nine tenths of the time."""
    batches, began = store.backlog.batches, time.monotonic()
    _, more = run_round(store)
    if not more:
        return IDLE_INTERVAL
    return 9 * (time.monotonic() - began) if store.backlog.batches != batches else 0.0


def run_round(store: Store) -> tuple[int, bool]:
    """Downsample a part of the backlog; return the number of points, and whether more may be left."""
    with store.write():
        due = store.backlog.start_round(CHUNK)
    found: list[tuple[int, int, list[Chunk]]] = []  # series, points, chunks
    with store.read() as connection:
        total = 0
        for series in due[:SERIES]:
            points, chunks = _new_chunks(connection, series, store.backlog.covered.get(series, -1))
            found.append((series, points, chunks))
            total += points
            if total >= ROUND:
                break
    if not found:
        return 0, False
    before = {series: store.backlog.covered.get(series, -1) for series, _, _ in found}
    done: dict[int, tuple[int, int]] = {}
    try:
        with store.write() as connection:
            for series, points, chunks in found:
                last = max((chunk[3] for chunk in chunks), default=-1)
                if store.backlog.changed_below(series, last):
                    continue
                covered = store.backlog.covered.get(series, -1)
                # Later chunks exist only if a transaction that deleted them was rolled back.
                connection.execute("DELETE FROM thin WHERE series = ? AND last > ?", (series, covered))
                connection.executemany(
                    "INSERT INTO thin (series, level, first, last, data) VALUES (?, ?, ?, ?, ?)", chunks
                )
                done[series] = (points, last)
            store.backlog.complete(done)
    except BaseException:
        store.backlog.covered.update({series: before[series] for series in done})
        raise
    return sum(count for count, _ in done.values()), total > 0 or len(due) > len(found)


def buckets(connection: sqlite3.Connection, series: int, low: int, high: int, wanted: int) -> Buckets:
    """Return the points of a series between two steps in about `wanted` buckets, as rows of six numbers.

    Where there are few points, each is a separate bucket. A bucket at either end may reach beyond the steps.
    """
    # The chunks of a level are contiguous, so the index gives the first one.
    inside = (
        "series = :series AND level = :level AND first <= :high AND last >= :low AND first >= coalesce("
        "(SELECT max(first) FROM thin WHERE series = :series AND level = :level AND first <= :low), 0)"
    )
    given = {"series": series, "low": low, "high": high}
    level = found = 0
    for level in range(_top(connection, series), -1, -1):
        given["level"] = level
        found = connection.execute(f"SELECT count(*) FROM thin WHERE {inside}", given).fetchone()[0]
        if found * LENGTH >= wanted:
            break
    pieces: list[Buckets] = []
    sizes: list[NDArray[np.float64]] = []
    whole = 1  # points in a bucket, so that the end of a line has the same resolution
    if found * CHUNK > 2 * wanted:
        whole = POINTS << level
        for lower in range(level, -1, -1):
            given["level"] = lower
            rows = connection.execute(f"SELECT last, data FROM thin WHERE {inside} ORDER BY first", given).fetchall()
            if rows:
                data = np.frombuffer(b"".join(data for _, data in rows)).reshape(-1, COLUMNS)
                size = np.full(len(data), float(POINTS << lower))
                pieces.append(_merged(data, size, 1 << (level - lower)))
                sizes.append(_summed(size, 1 << (level - lower)))
                low = given["low"] = rows[-1][0] + 1
    raw = _points(_fetched(connection, "series = ? AND step BETWEEN ? AND ? ORDER BY step", (series, low, high)))
    pieces.append(_merged(raw, np.ones(len(raw)), whole))
    sizes.append(_summed(np.ones(len(raw)), whole))
    together = np.concatenate(pieces)
    return _merged(together, np.concatenate(sizes), -(-len(together) // wanted))


def last(connection: sqlite3.Connection, series: int, found: Buckets, high: int) -> float | None:
    """Return the last finite value in buckets of a series up to a step; reads the points of one bucket only."""
    finite = np.flatnonzero(np.isfinite(found[:, MEAN]))
    if not len(finite):
        return None
    low = int(found[finite[-1], STEP])
    high = min(high, int(found[finite[-1] + 1, STEP]) - 1) if finite[-1] + 1 < len(found) else high
    row = connection.execute(
        f"SELECT value FROM metric WHERE series = ? AND step BETWEEN ? AND ? AND {IS_FINITE}"
        " ORDER BY step DESC LIMIT 1",
        (series, low, high),
    ).fetchone()
    return None if row is None else float(row[0])


Chunk = tuple[int, int, int, int, bytes]  # series, level, first step, last step, buckets


def _new_chunks(connection: sqlite3.Connection, series: int, covered: int) -> tuple[int, list[Chunk]]:
    """Return the number of points after the covered ones that fill chunks, and the chunks of all levels."""
    rows = _fetched(connection, "series = ? AND step > ? ORDER BY step LIMIT ?", (series, covered, SPAN))
    count = len(rows) - len(rows) % CHUNK
    if not count:
        return 0, []
    level = 0
    data = _merged(_points(rows[:count]), np.ones(count), POINTS)
    spans = [(rows[start][0], rows[start + CHUNK - 1][0]) for start in range(0, count, CHUNK)]
    chunks: list[Chunk] = []
    while spans:
        for place, (first, last) in enumerate(spans):
            piece = data[place * LENGTH : (place + 1) * LENGTH]
            chunks.append((series, level, first, last, piece.tobytes()))
        # Two chunks make one of the next level; an unpaired earlier chunk may be waiting for these.
        waiting = connection.execute(
            "SELECT first, last, data FROM thin WHERE series = ? AND level = ? AND last <= ? AND first > coalesce("
            "(SELECT max(last) FROM thin WHERE series = ? AND level = ? AND last <= ?), -1) ORDER BY first",
            (series, level, covered, series, level + 1, covered),
        ).fetchall()
        if waiting:
            older = np.frombuffer(b"".join(row[2] for row in waiting)).reshape(-1, COLUMNS)
            data = np.concatenate([older, data])
            spans = [(row[0], row[1]) for row in waiting] + spans
        pairs = len(spans) // 2
        data = data[: pairs * 2 * LENGTH]
        data = _merged(data, np.full(len(data), float(POINTS << level)), 2)
        spans = [(spans[2 * pair][0], spans[2 * pair + 1][1]) for pair in range(pairs)]
        level += 1
    return count, chunks


def _fetched(connection: sqlite3.Connection, which: str, given: tuple[int, ...]) -> list[tuple[int, int, float]]:
    """Return step, time and value of points; NaN becomes infinite."""
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: there are many
    return cursor.execute(f"SELECT step, time, coalesce(value, 9e999) FROM metric WHERE {which}", given).fetchall()


def _points(rows: list[tuple[int, int, float]]) -> Buckets:
    """Return points as buckets of one point each."""
    columns = np.fromiter(chain.from_iterable(rows), float, 3 * len(rows)).reshape(-1, 3)
    made = np.empty((len(columns), COLUMNS))
    made[:, STEP], made[:, TIME] = columns[:, 0], columns[:, 1]
    holes = ~np.isfinite(columns[:, 2])
    made[:, LOW] = made[:, HIGH] = made[:, MEAN] = np.where(holes, np.nan, columns[:, 2])
    made[:, HOLES] = holes
    return made


def _merged(data: Buckets, size: NDArray[np.float64], by: int) -> Buckets:
    """Merge each `by` consecutive buckets into one; `size` is the number of points in each bucket."""
    if by <= 1 or not len(data):
        return data
    starts = np.arange(0, len(data), by)
    made = np.empty((len(starts), COLUMNS))
    made[:, STEP], made[:, TIME] = data[starts, STEP], data[starts, TIME]
    made[:, LOW] = np.fmin.reduceat(data[:, LOW], starts)
    made[:, HIGH] = np.fmax.reduceat(data[:, HIGH], starts)
    finite = size - data[:, HOLES]
    weight = np.add.reduceat(finite, starts)
    share = finite / np.where(weight == 0, 1.0, weight)[np.arange(len(data)) // by]  # first divided: sums may overflow
    mean = np.add.reduceat(np.where(finite > 0, data[:, MEAN] * share, 0.0), starts)
    made[:, MEAN] = np.where(weight > 0, mean, np.nan)
    made[:, HOLES] = np.add.reduceat(data[:, HOLES], starts)
    return made


def _summed(size: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    """Return the number of points in each merged bucket."""
    return np.add.reduceat(size, np.arange(0, len(size), by)) if len(size) else size


def _top(connection: sqlite3.Connection, series: int) -> int:
    """Return the highest level of a series, 0 if there are no chunks."""
    return int(connection.execute("SELECT coalesce(max(level), 0) FROM thin WHERE series = ?", (series,)).fetchone()[0])

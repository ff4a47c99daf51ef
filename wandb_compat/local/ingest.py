"""Storing what runs log: numbers, other values and console lines, each a batch of lines of JSON in one transaction.

A batch is sent again when its answer is lost, so every kind is stored under a key that makes the second time a no-op.
Of a batch with bad lines the good ones are stored: the client would throw all of them away otherwise.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import orjson

from wandb_compat.local import limits
from wandb_compat.local.fields import Refusal
from wandb_compat.local.store import Store

# Within these a number is stored as it is; outside, an integer may have been too large for the wire.
LOWEST, HIGHEST = float(-(2**63)), float(2**63)
NUMBERS = frozenset((int, float))

Answer = dict[str, Any]
Parsed = TypeVar("Parsed")


def metrics(store: Store, run: int, body: bytes) -> Answer:
    """Store points; of two for one step the one with the newer time stays, the later arrival when they are equal."""
    lines, answer = _parse(body, _metric_line)
    by_name: dict[str, list[tuple[int, int, float | None]]] = {}
    newest = 0
    lowest = limits.STEP
    for names, neighbours in itertools.groupby(lines, lambda line: tuple(line[2])):  # made columns of by a pass in C
        times, steps, values = zip(*neighbours, strict=True)
        newest, lowest = max(newest, *times), min(lowest, *steps)
        for name, column in zip(names, zip(*map(dict.values, values), strict=True), strict=True):
            by_name.setdefault(name, []).extend(zip(steps, times, column, strict=True))
    with store.write() as connection:
        _touch(connection, run, store.now(), newest)
        for name, points in by_name.items():  # one series after the other: its points lie side by side on disk
            series = _series(connection, run, name)
            connection.executemany(
                f"INSERT INTO metric (series, step, time, value) VALUES ({series}, ?, ?, ?) ON CONFLICT (series, step)"
                " DO UPDATE SET time = excluded.time, value = excluded.value WHERE excluded.time >= time",
                points,
            )
            store.news.arrive(connection, series, lowest, points)
    return answer


def data(store: Store, run: int, body: bytes) -> Answer:
    """Store texts, histograms, tables and other documents."""
    insert = "INSERT OR IGNORE INTO datum (run, name, step, time, type, digest, data) VALUES (?, ?, ?, ?, ?, ?, ?)"
    return _append(store, run, body, _datum_line, insert)


def logs(store: Store, run: int, body: bytes) -> Answer:
    """Store console lines."""
    insert = "INSERT OR IGNORE INTO console (run, line, time, type, message) VALUES (?, ?, ?, ?, ?)"
    return _append(store, run, body, _console_line, insert)


def _append(store: Store, run: int, body: bytes, parse_line: Callable[[bytes], tuple[Any, ...]], insert: str) -> Answer:
    """Store what is only added to; the table's key makes a line that comes again a no-op."""
    lines, answer = _parse(body, parse_line)
    with store.write() as connection:
        _touch(connection, run, store.now())
        connection.executemany(insert, [(run, *line) for line in lines])
    return answer


def _parse(body: bytes, parse_line: Callable[[bytes], Parsed]) -> tuple[list[Parsed], Answer]:
    """Return the good lines of a batch and the answer that tells the others; refuse when no line is good."""
    good: list[Parsed] = []
    rejected: list[dict[str, Any]] = []
    for index, line in enumerate(body.split(b"\n")):
        if not line or line.isspace():
            continue
        try:
            good.append(parse_line(line))
        except (ValueError, RecursionError) as error:
            rejected.append({"index": index, "reason": str(error)})
    if rejected and not good:
        raise Refusal(422, f"No line of the batch can be stored; line {rejected[0]['index']}: {rejected[0]['reason']}")
    return good, {"stored": len(good), "rejected": rejected}


def _metric_line(line: bytes) -> tuple[int, int, dict[str, float | None]]:
    row = _object(line, ("time", "step", "data"))
    time, step, values = _integer(row, "time", limits.TIME), _integer(row, "step", limits.STEP), row["data"]
    if not isinstance(values, dict) or not values:
        raise ValueError("data must be an object with at least one number")
    numbers = values.values()
    # The sum is finite only if every number is.
    usual = NUMBERS.issuperset(map(type, numbers)) and math.isfinite(sum(numbers)) and all(map(str.strip, values))
    if not (usual and min(numbers) > LOWEST and max(numbers) < HIGHEST):
        values = dict(_checked(values, line))
    return time, step, values


def _checked(values: dict[str, Any], line: bytes) -> Iterator[tuple[str, float | None]]:
    """Yield names and values of a line that holds something out of the ordinary."""
    exact = json.loads(line)["data"]  # keeps large integers, which the fast parser turns into floats
    for name, value in values.items():
        if not name.strip():
            raise ValueError("a name in data is blank")
        if value is None:
            continue
        if type(value) not in (int, float):
            raise ValueError(f"{name} must be a number, not {type(value).__name__}")
        if isinstance(exact[name], int) and not -(2**63) <= exact[name] < 2**64:
            raise ValueError(f"{name} is an integer of more than 64 bits")
        yield name, None if math.isnan(value) else float(value)


def _datum_line(line: bytes) -> tuple[str, int, int, str, bytes, str]:
    row = _object(line, ("time", "step", "dataType", "logName", "data"))
    text = _text(row, "data")
    return (
        _name(row, "logName"),
        _integer(row, "step", limits.STEP),
        _integer(row, "time", limits.TIME),
        _name(row, "dataType"),
        hashlib.blake2b(text.encode(), digest_size=16).digest(),
        text,
    )


def _console_line(line: bytes) -> tuple[int, int, str, str]:
    row = _object(line, ("time", "message", "lineNumber", "logType"))
    return (
        _integer(row, "lineNumber", limits.STEP),
        _integer(row, "time", limits.TIME),
        _name(row, "logType"),
        _text(row, "message"),
    )


def _object(line: bytes, keys: tuple[str, ...]) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:  # NaN and infinities are no JSON, yet the client sends them
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()  # half a surrogate pair raises here and not in the database
    if not isinstance(row, dict):
        raise ValueError("a line must be a JSON object")
    if len(row) != len(keys) or any(key not in row for key in keys):
        missing, unknown = sorted(set(keys) - set(row)), sorted(set(row) - set(keys))
        raise ValueError(
            "; ".join(f"{what} {keys}" for what, keys in (("missing", missing), ("unknown", unknown)) if keys)
        )
    return row


def _integer(row: dict[str, Any], key: str, highest: int) -> int:
    value = row[key]
    if type(value) is not int or not 0 <= value <= highest:
        raise ValueError(f"{key} must be an integer from 0 to {highest}, not {value!r:.100}")
    return value


def _text(row: dict[str, Any], key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise ValueError(f"{key} must be text, not {type(value).__name__}")
    return value


def _name(row: dict[str, Any], key: str) -> str:
    value = _text(row, key)
    if not value.strip():
        raise ValueError(f"{key} is blank")
    return value


def _touch(connection: sqlite3.Connection, run: int, now: int, newest: int | None = None) -> None:
    """Note a sign of life. Data for a run that nobody created could never be read back: it is refused."""
    found = connection.execute(
        "UPDATE run SET seen = ?, newest = CASE WHEN ? > coalesce(newest, 0) THEN ? ELSE newest END WHERE id = ?",
        (now, newest, newest, run),
    ).rowcount
    if not found:
        raise Refusal(404, f"Run not found: {run}. Create it first and send its number as X-Run-Id")


def _series(connection: sqlite3.Connection, run: int, name: str) -> int:
    row = connection.execute("SELECT id FROM series WHERE run = ? AND name = ?", (run, name)).fetchone()
    if row is not None:
        return int(row[0])
    created = connection.execute("INSERT INTO series (run, name) VALUES (?, ?)", (run, name)).lastrowid
    assert created is not None
    return created

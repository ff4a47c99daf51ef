"""Store what runs log: numbers, other values and console lines, each a batch of JSON lines in one transaction.

A client sends a batch again when the response is lost; points are stored under a key that makes this a no-op. Of a
batch with a bad line those before it are stored, as on the real server.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import operator
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import orjson

from wandb_compat.server import limits
from wandb_compat.server.params import RequestError
from wandb_compat.server.storage.database import Store
from wandb_compat.server.storage.ingest_buffer import Write

# Within these a number is stored as it is; outside, an integer may have been too large for the wire.
LOWEST, HIGHEST = float(-(2**63)), float(2**63)
NUMBERS = frozenset((int, float))
NON_FINITE_TEXTS = ("NaN",)  # accepted in place of numbers
LARGEST = 2**64 - 1  # steps beyond SQLite's integers are stored as the largest of those

METRIC_KEYS = ("time", "step", "data")
METRIC = operator.itemgetter(*METRIC_KEYS)
TOGETHER = 64  # points per statement: SQLite may limit a statement to 999 values
UPSERT = (
    "INSERT INTO metric (series, step, time, value) VALUES {} ON CONFLICT (series, step)"
    " DO UPDATE SET time = excluded.time, value = excluded.value WHERE excluded.time >= time"
)
ONE_POINT = UPSERT.format("(?, ?, ?, ?)")
MANY_POINTS = UPSERT.format(", ".join(["(?, ?, ?, ?)"] * TOGETHER))

Answer = dict[str, Any]
Parsed = TypeVar("Parsed")
MetricLine = tuple[int, int, dict[str, float | None]]  # time, step, values by name
# Lines with the same names: names, times, steps, the values of each name.
Block = tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...], list[tuple[Any, ...]]]


def metrics(store: Store, run: int, body: bytes, project: str | None = None, before: int = 0) -> Answer:
    """Store points; of two for one step the one with the newer time stays, the later arrival when they are equal.

    Args:
        store: the data folder.
        run: number of the run; as on the real server points of an unknown run are accepted, and never seen again.
        body: lines of JSON with time, step and data.
        project: name of the project in the request; points under another name than the run's are never seen again.
        before: lines of the same request that are stored already; counted in messages.

    Raises:
        RequestError: 422 for the first bad line; the lines before it are stored.
    """
    lines, error = _parse_batch_fast(body), None
    blocks = list(_group_by_names(lines))
    if not blocks or not all(map(_needs_no_check, blocks)):
        lines, error = _parse(body, _metric_line, before)
        blocks = list(_group_by_names(lines))
    by_name: dict[str, tuple[list[Any], list[Any], list[Any]]] = {}  # steps, times, values
    for names, times, steps, columns in blocks:
        for name, column in zip(names, columns, strict=True):
            for known, more in zip(by_name.setdefault(name, ([], [], [])), (steps, times, column), strict=True):
                known.extend(more)
    newest = max((max(times) for _, times, _, _ in blocks), default=0)

    def write(connection: sqlite3.Connection) -> None:
        if not _record_activity(connection, run, project, store.now(), newest):
            return
        values: list[int | float | None] = []  # series, step, time and value of one point after the other
        for name, found in by_name.items():  # points of one series are contiguous on disk
            series = _series(connection, run, name)
            store.backlog.add_points(connection, series, found[0])
            points = [series] * (4 * len(found[0]))
            points[1::4], points[2::4], points[3::4] = found
            values += points
        _insert(connection, values)

    return _finish(store, write, error)


def _insert(connection: sqlite3.Connection, values: list[Any]) -> None:
    """Insert points, many per statement: each statement releases and takes the GIL."""
    whole = len(values) - len(values) % (4 * TOGETHER)
    for start in range(0, whole, 4 * TOGETHER):
        connection.execute(MANY_POINTS, values[start : start + 4 * TOGETHER])
    connection.executemany(ONE_POINT, zip(*[iter(values[whole:])] * 4, strict=True))


def data(store: Store, run: int, body: bytes, project: str | None = None, before: int = 0) -> Answer:
    """Store texts, histograms, tables and other documents."""
    insert = (
        "INSERT OR IGNORE INTO datum (run, name, step, time, type, digest, data, copy) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    return _append(store, run, project, _parse(body, _datum_line, before), insert)


def logs(store: Store, run: int, body: bytes, project: str | None = None, before: int = 0) -> Answer:
    """Store console lines."""
    insert = "INSERT OR IGNORE INTO console (run, line, time, type, message, copy) VALUES (?, ?, ?, ?, ?, ?)"
    return _append(store, run, project, _parse(body, _console_line, before), insert)


def _append(
    store: Store, run: int, project: str | None, parsed: tuple[list[tuple[Any, ...]], str | None], insert: str
) -> Answer:
    """Store what is only added to; the table's key makes a line that is sent again a no-op unless duplicates are kept.

    The real server keeps duplicates.
    """
    lines, error = parsed

    def write(connection: sqlite3.Connection) -> None:
        if _record_activity(connection, run, project, store.now()):
            copies = (secrets.randbits(62) if store.options.keep_duplicates else 0 for _ in lines)
            connection.executemany(insert, [(run, *line, copy) for line, copy in zip(lines, copies, strict=True)])

    return _finish(store, write, error)


def _finish(store: Store, write: Write, error: str | None) -> Answer:
    store.write_acknowledged(write)
    if error is not None:
        raise RequestError(422, error)
    return {"success": True}


def _parse(body: bytes, parse_line: Callable[[bytes], Parsed], before: int) -> tuple[list[Parsed], str | None]:
    """Return the lines of a batch up to the first bad one, and what is wrong with that."""
    good: list[Parsed] = []
    for index, line in enumerate(body.split(b"\n")):
        if not line or line.isspace():
            continue
        try:
            good.append(parse_line(line))
        except (ValueError, RecursionError) as error:
            stored = before + len(good)
            return good, f"Line {before + index} cannot be stored, the {stored} before it are: {error}"
    return good, None


def _parse_batch_fast(body: bytes) -> list[MetricLine]:
    """Return the lines of a batch parsed in C, unchecked, or an empty list if that is not possible."""
    lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    try:
        rows = orjson.loads(b"[%s]" % b",".join(lines))
        found = list(map(METRIC, rows))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
    kinds = {*map(type, rows), *(type(values) for _, _, values in found)}
    alike = len(rows) == len(lines) and kinds == {dict} and {*map(len, rows)} == {len(METRIC_KEYS)}
    return found if alike else []


def _group_by_names(lines: list[MetricLine]) -> Iterator[Block]:
    """Group consecutive lines with the same names into columns."""
    for names, neighbours in itertools.groupby(lines, lambda line: tuple(line[2])):
        times, steps, values = zip(*neighbours, strict=True)
        yield names, times, steps, list(zip(*map(dict.values, values), strict=True))


def _needs_no_check(block: Block) -> bool:
    """Return whether a block is valid without the checks of `_metric_line`."""
    names, times, steps, columns = block
    if not names or not all(map(str.strip, names)) or not {int}.issuperset(map(type, times + steps)):
        return False
    if min(times) < 0 or max(times) > limits.TIME or min(steps) < 0 or max(steps) > limits.STEP:
        return False
    return all(
        # The sum is finite only if every number is.
        NUMBERS.issuperset(map(type, column))
        and math.isfinite(sum(column))
        and min(column) > LOWEST
        and max(column) < HIGHEST
        for column in columns
    )


def _metric_line(line: bytes) -> MetricLine:
    row = _object(line, METRIC_KEYS)
    time, step, values = _integer(row, "time", limits.TIME), _integer(row, "step", LARGEST), row["data"]
    if not isinstance(values, dict):
        raise ValueError("data must be an object of numbers")
    checked = dict(_checked(values, line))
    if not checked:
        raise ValueError("data must have at least one number")
    return time, min(step, limits.STEP), checked


def _checked(values: dict[str, Any], line: bytes) -> Iterator[tuple[str, float | None]]:
    """Yield names and values of a line."""
    # Keeps large integers, which the fast parser turns into floats, and refuses floats that overflow.
    exact = {_storable(name): value for name, value in json.loads(line, parse_float=_finite)["data"].items()}
    for name, value in values.items():
        if not name.strip():
            raise ValueError("a name in data is blank")
        if value is None:
            continue
        if value in NON_FINITE_TEXTS:
            value = float(value)
        elif type(value) not in (int, float):
            raise ValueError(f"{name} must be a number, not {type(value).__name__}")
        if isinstance(exact[name], int) and not -(2**63) <= exact[name] < 2**64:
            raise ValueError(f"{name} is an integer of more than 64 bits")
        yield name, None if math.isnan(value) else float(value)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text:.100} is too large for a number")
    return number


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
    row = _object(line, ("time", "message", "lineNumber", "logType"), replace=False)
    return (
        _integer(row, "lineNumber", limits.STEP),
        _integer(row, "time", limits.TIME),
        _name(row, "logType"),
        _text(row, "message"),
    )


def _object(line: bytes, keys: tuple[str, ...], replace: bool = True) -> dict[str, Any]:
    """Return the object in a line, with lone surrogates replaced or refused."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:  # NaN and infinities are no JSON, yet the client sends them
        row = json.loads(line.decode())
        if replace:
            row = _storable(row)
        json.dumps(row, ensure_ascii=False).encode()  # raises for a lone surrogate
    if not isinstance(row, dict):
        raise ValueError("a line must be a JSON object")
    if len(row) != len(keys) or any(key not in row for key in keys):
        missing, unknown = sorted(set(keys) - set(row)), sorted(set(row) - set(keys))
        raise ValueError(
            "; ".join(f"{what} {keys}" for what, keys in (("missing", missing), ("unknown", unknown)) if keys)
        )
    return row


def _storable(value: Any) -> Any:
    """Return a document whose lone surrogates are replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value


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


def _record_activity(
    connection: sqlite3.Connection, run: int, project: str | None, now: int, newest: int | None = None
) -> bool:
    """Record activity of a run; return whether the project has it."""
    found = connection.execute(
        "UPDATE run SET seen = ?, newest = CASE WHEN ? > coalesce(newest, 0) THEN ? ELSE newest END"
        " WHERE id = ? AND (? IS NULL OR project = (SELECT id FROM project WHERE name = ?))",
        (now, newest, newest, run, project, project),
    ).rowcount
    return found > 0


def _series(connection: sqlite3.Connection, run: int, name: str) -> int:
    row = connection.execute("SELECT id FROM series WHERE run = ? AND name = ?", (run, name)).fetchone()
    if row is not None:
        return int(row[0])
    created = connection.execute("INSERT INTO series (run, name) VALUES (?, ?)", (run, name)).lastrowid
    assert created is not None
    return created

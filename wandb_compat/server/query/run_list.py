"""List runs: filter, sort and paginate."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import Query, RequestError, parse_embedded_json
from wandb_compat.server.query import filters
from wandb_compat.server.query.filters import Candidate, Predicate
from wandb_compat.server.storage.database import IS_FINITE, Store
from wandb_compat.server.storage.runs import STATUSES

LAST = f"SELECT value FROM metric WHERE series = series.id AND {IS_FINITE} ORDER BY step DESC LIMIT 1"
# Parameters of Pluto's own page; ignoring them would give a wrong answer.
UNSUPPORTED = ("fieldFilters", "konduktorJobPrefix", "includeFieldValues", "visibleColumns")


def runs(store: Store, query: Query, base: str) -> dict[str, Any]:
    """List the runs of a project that match, one page of them."""
    for name in UNSUPPORTED:
        if query.get(name) is not None:
            raise RequestError(400, f"The embedded server does not support the parameter {name}")
    project = query.text("projectName")
    limit = query.optional_integer("limit", 1, limits.RUNS) or 50
    offset = query.optional_integer("offset", 0, limits.OFFSET) or 0
    matches = _matcher(query)
    sort_key, present, descending = sorter(query.optional_text("sort") or "-createdAt")

    with store.read() as connection:
        found = []
        for row in connection.execute("SELECT * FROM project_run WHERE project_name = ?", (project,)):
            run = Run(connection, row)
            if matches(run) and (present is None or present(run)):
                found.append(run)
        found.sort(key=lambda run: (sort_key(run), run.row["id"]), reverse=descending)
        return {
            "runs": [
                {
                    "id": run.row["id"],
                    "name": run.name,
                    "number": run.row["number"],
                    "displayId": run.row["display"],
                    "projectName": project,
                    "status": run.status,
                    "tags": run.tags,
                    "createdAt": iso_time(run.created),
                }
                for run in found[offset : offset + limit]
            ],
            "total": len(found),
        }


class Run(Candidate):
    """A run as seen by filters and sort keys; expensive parts are loaded lazily."""

    def __init__(self, connection: sqlite3.Connection, row: sqlite3.Row) -> None:
        self.row = row
        self.name, self.status = row["name"], row["status"]
        self.tags = json.loads(row["tags"])
        self.created, self.updated, self.heartbeat = row["created"], row["updated"], row["newest"]
        self.config = _FlatDocument(row["config"])
        self.metadata = _FlatDocument(row["metadata"])
        self.summary = _LastValues(connection, row["id"])


class _LazyMapping(Mapping[str, Any]):
    """A mapping that is loaded at first access."""

    def __init__(self) -> None:
        self._filled: Mapping[str, Any] | None = None

    def _fill(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def _values(self) -> Mapping[str, Any]:
        if self._filled is None:
            self._filled = self._fill()
        return self._filled

    def __getitem__(self, key: str) -> Any:
        return self._values()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())


class _FlatDocument(_LazyMapping):
    """A stored document with dotted keys."""

    def __init__(self, source: str | None) -> None:
        super().__init__()
        self._source = source

    def _fill(self) -> Mapping[str, Any]:
        return filters.flatten(decode_json(self._source))


class _LastValues(_LazyMapping):
    """The last finite value of each metric of a run; access by name reads that metric only."""

    def __init__(self, connection: sqlite3.Connection, run: int) -> None:
        super().__init__()
        self._connection, self._run = connection, run
        self._known: dict[str, float | None] = {}

    def _fill(self) -> Mapping[str, Any]:
        rows = self._connection.execute(f"SELECT name, ({LAST}) FROM series WHERE run = ?", (self._run,))
        return {name: value for name, value in rows if value is not None}

    def __getitem__(self, key: str) -> Any:
        if key not in self._known:
            row = self._connection.execute(
                f"SELECT ({LAST}) FROM series WHERE run = ? AND name = ?", (self._run, key)
            ).fetchone()
            self._known[key] = None if row is None else row[0]
        value = self._known[key]
        if value is None:
            raise KeyError(key)
        return value


def _matcher(query: Query) -> Predicate:
    """Return the conjunction of all filter parameters."""
    conditions: list[dict[str, Any]] = []
    if query.optional_text("filter"):
        conditions.append(parse_embedded_json(query.text("filter")))
    if query.optional_text("tags"):
        conditions.append({"tags": {"$in": query.text("tags").split(",")}})
    if query.optional_text("status"):
        conditions.append({"status": {"$in": query.text("status").split(",")}})
    if query.optional_text("heartbeatAfter"):
        conditions.append({"heartbeat_at": {"$gte": query.text("heartbeatAfter")}})
    if query.optional_text("heartbeatBefore"):
        conditions.append({"heartbeat_at": {"$lte": query.text("heartbeatBefore")}})
    accepted = filters.compile_filter({"$and": conditions})
    search = (query.optional_text("search") or "").lower()
    if not search:
        return accepted

    def matches(run: Candidate) -> bool:
        assert isinstance(run, Run)
        return (search in run.name.lower() or search in run.row["display"].lower()) and accepted(run)

    return matches


SortKey = Callable[[Run], Any]


def sorter(sort: str) -> tuple[SortKey, Callable[[Run], bool] | None, bool]:
    """Return the sort key, a test whether a run has the value, and whether to sort in descending order."""
    descending, field = sort.startswith("-"), sort.lstrip("+- ")  # a bare plus in a URL arrives as a blank
    columns: dict[str, SortKey] = {
        "createdAt": lambda run: run.created,
        "updatedAt": lambda run: run.updated,
        "name": lambda run: run.name,
        "status": lambda run: STATUSES.index(run.status),
    }
    columns.update(created_at=columns["createdAt"], updated_at=columns["updatedAt"])
    if field in columns:
        return columns[field], None, descending
    if field in filters.HEARTBEAT_FIELDS:
        return (lambda run: run.heartbeat), (lambda run: run.heartbeat is not None), descending
    prefix, _, name = field.partition(".")
    if f"{prefix}." in filters.SUMMARY_PREFIXES and name:
        return (lambda run: run.summary[name]), (lambda run: name in run.summary), descending
    if field.endswith(".value"):
        key = name[: -len(".value")]
        if f"{prefix}." == filters.CONFIG_PREFIX and key:
            return (lambda run: _sort_value(run.config[key])), (lambda run: key in run.config), descending
        if f"{prefix}." == filters.METADATA_PREFIX and key:
            return (lambda run: _sort_value(run.metadata[key])), (lambda run: key in run.metadata), descending
    raise RequestError(
        400,
        f"Cannot sort by {field!r}; use createdAt, updatedAt, name, status, heartbeat_at, config.KEY.value,"
        " systemMetadata.KEY.value and summary_metrics.NAME",
    )


def _sort_value(value: Any) -> tuple[int, float, str]:
    """Return a sort key that puts numbers before texts."""
    number = filters.number(value)
    return (0, number, "") if number is not None else (1, 0.0, filters.text(value))


def decode_json(source: str | None) -> Any:
    """Decode a JSON column; None stays None."""
    return None if source is None else json.loads(source)


def iso_time(milliseconds: int) -> str:
    """Return a time in ISO 8601, as dates of runs are formatted."""
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

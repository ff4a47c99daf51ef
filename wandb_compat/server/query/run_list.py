"""List runs: filter, sort and paginate."""

from __future__ import annotations

import functools
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import Query, RequestError, ValidationError, parse_embedded_json
from wandb_compat.server.query import filters
from wandb_compat.server.query.filters import Candidate, Predicate
from wandb_compat.server.storage.database import IS_FINITE, Store

LAST = f"SELECT value FROM metric WHERE series = series.id AND {IS_FINITE} ORDER BY step DESC LIMIT 1"
STATUS_ORDER = ("RUNNING", "COMPLETED", "FAILED", "TERMINATED", "CANCELLED")
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z")


def runs(store: Store, query: Query, base: str) -> dict[str, Any]:
    """List the runs of a project that match, one page of them."""
    if query.get("konduktorJobPrefix") is not None:  # jobs of a cluster, which no run here has
        return {"runs": [], "total": 0}
    if query.get("fieldFilters") is not None:
        raise RequestError(400, "The embedded server does not support the parameter fieldFilters")
    project = query.text("projectName")
    asked = query.optional_number("limit")
    limit = 50 if asked is None else int(asked)
    if not 1 <= limit <= limits.RUNS:
        raise ValidationError(f"limit must be between 1 and {limits.RUNS}, not {limit}")
    offset = query.optional_integer("offset", 0, limits.OFFSET) or 0
    matches = _matcher(query)
    order = sorter(query.optional_text("sort") or "-createdAt")
    fields = _field_values(query)
    with store.read() as connection:
        rows = connection.execute("SELECT * FROM project_run WHERE project_name = ?", (project,))
        found = [run for run in (Run(connection, row) for row in rows) if matches(run)]
        page = order.sort(found)[offset : offset + limit]
        return {"runs": [{**_brief(run), **fields(run)} for run in page], "total": len(found)}


def _brief(run: Run) -> dict[str, Any]:
    return {
        "id": run.row["id"],
        "name": run.name,
        "number": run.row["number"],
        "displayId": run.row["display"],
        "projectName": run.row["project_name"],
        "status": run.status,
        "tags": run.tags,
        "createdAt": iso_time(run.created),
    }


def _field_values(query: Query) -> Callable[[Run], dict[str, Any]]:
    """Return what adds config and system metadata to a run of the list, if the query asks for them."""
    if query.get("includeFieldValues") != "true":
        return lambda run: {}
    columns = query.get("visibleColumns")
    wanted = None if columns is None else {(one["source"], one["key"]) for one in parse_embedded_json(columns)}

    def values(source: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: _shown(value) if filters.number(value) is None else filters.number(value)
            for key, value in document.items()
            if wanted is None or (source, key) in wanted
        }

    return lambda run: {
        "_flatConfig": values("config", run.config),
        "_flatSystemMetadata": values("systemMetadata", run.metadata),
    }


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_shown(item) for item in value)
    return filters.text(value)


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

    @functools.cached_property
    def config_document(self) -> dict[str, Any]:
        """The config as it was sent, empty if it is no object."""
        document = decode_json(self.row["config"])
        return document if isinstance(document, dict) else {}


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
    predicates: list[Predicate] = []
    if query.optional_text("filter"):
        predicates.append(filters.compile_filter(parse_embedded_json(query.text("filter"))))
    if query.optional_text("tags"):
        predicates.append(filters.compile_filter({"tags": {"$in": _words(query.text("tags"))}}))
    if query.optional_text("status"):
        statuses = _words(query.text("status"))
        if not set(statuses) <= set(STATUS_ORDER):
            raise RequestError(400, f"status must be of {', '.join(STATUS_ORDER)}, not {query.get('status')!r:.100}")
        predicates.append(lambda run: run.status in statuses)
    for name, operator in (("heartbeatAfter", "$gte"), ("heartbeatBefore", "$lte")):
        if query.optional_text(name):
            if not UTC_TIME.fullmatch(query.text(name)):
                raise ValidationError(f"{name} must be an ISO 8601 time in UTC, not {query.get(name)!r:.100}")
            predicates.append(filters.compile_filter({"heartbeat_at": {operator: query.text(name)}}))
    search = (query.optional_text("search") or "").strip()
    if search:
        predicates.append(_search(search))
    return lambda run: all(predicate(run) for predicate in predicates)


def _search(search: str) -> Predicate:
    """Return whether name or display id of a run match; `%` and `_` are wildcards as in SQL."""
    is_like = filters.like(search)

    def matches(run: Candidate) -> bool:
        assert isinstance(run, Run)
        return is_like(run.name) or is_like(run.row["display"])

    return matches


def _words(text: str) -> list[str]:
    return [word for word in (part.strip() for part in text.split(",")) if word]


SortKey = Callable[[Run], tuple[int, Any]]


@dataclass(frozen=True)
class Order:
    """An order of the list.

    Attributes:
        key: the kind of value, of which the lower comes first in either direction, and what is compared within it.
        present: tells whether a run has the value at all; None where all have it.
        descending: whether the largest comes first.
        drop_missing: whether runs without the value are left out of the list; else they come last.
    """

    key: SortKey
    present: Callable[[Run], bool] | None
    descending: bool
    drop_missing: bool = False

    def sort(self, found: list[Run]) -> list[Run]:
        """Return runs in this order; of equal ones the later run first when descending."""
        present = self.present or (lambda run: True)
        groups: dict[int, list[tuple[Any, int, Run]]] = {}
        for run in filter(present, found):
            kind, value = self.key(run)
            groups.setdefault(kind, []).append((value, run.row["id"], run))
        ordered = [
            run
            for _, group in sorted(groups.items())
            for _, _, run in sorted(group, key=lambda item: item[:2], reverse=self.descending)
        ]
        if self.drop_missing:
            return ordered
        return ordered + sorted((run for run in found if not present(run)), key=lambda run: -run.row["id"])


COLUMNS: dict[str, SortKey] = {
    "createdAt": lambda run: (0, run.created),
    "updatedAt": lambda run: (0, run.updated),
    "created_at": lambda run: (0, run.created),
    "updated_at": lambda run: (0, run.updated),
    "name": lambda run: (0, run.name),
    "status": lambda run: (0, STATUS_ORDER.index(run.status)),
}


def sorter(sort: str) -> Order:
    """Return the order that a `sort` parameter asks for."""
    descending, field = sort.startswith("-"), sort.removeprefix("-").removeprefix("+")
    if field in COLUMNS:
        return Order(COLUMNS[field], None, descending)
    if field in (*filters.HEARTBEAT_FIELDS, "heartbeat"):
        return Order(lambda run: (0, run.heartbeat), lambda run: run.heartbeat is not None, descending, True)
    prefix, _, name = field.partition(".")
    if prefix == "summary_metrics" and name:
        return Order(lambda run: (0, run.summary[name]), lambda run: name in run.summary, descending, True)
    key = name.removesuffix(".value")
    if f"{prefix}." == filters.CONFIG_PREFIX and key:
        return Order(lambda run: _sort_value(run.config[key]), lambda run: run.config.get(key) is not None, descending)
    if f"{prefix}." == filters.METADATA_PREFIX and key:
        return Order(
            lambda run: _sort_value(run.metadata[key]), lambda run: run.metadata.get(key) is not None, descending
        )
    raise RequestError(
        400,
        f"Cannot sort by {field!r}; use createdAt, updatedAt, name, status, heartbeat_at, config.KEY.value,"
        " systemMetadata.KEY.value and summary_metrics.NAME",
    )


def _sort_value(value: Any) -> tuple[int, float | str]:
    """Return a sort key that puts numbers before texts."""
    number = filters.number(value)
    return (0, number) if number is not None else (1, filters.text(value))


def decode_json(source: str | None) -> Any:
    """Decode a JSON column; None stays None."""
    return None if source is None else json.loads(source)


def iso_time(milliseconds: int) -> str:
    """Return a time in ISO 8601, as dates of runs are formatted."""
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

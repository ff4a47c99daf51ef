"""Translates wandb's filters on runs to those of a Pluto server.

A filter becomes a `Plan`: what the server is asked, and whether its answer is exact. Where it is not, the server's
filter takes every run that matches and maybe more, and `filter_matching` decides from the run itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from wandb_compat.run.identity import RUN_ID

Filter = dict[str, Any]

# wandb's names of a field -> ours.
FIELDS = {
    "state": "state",
    "status": "state",
    "display_name": "name",
    "displayName": "name",
    "name": "id",
    "tags": "tags",
    "group": "group",
    "job_type": "job_type",
    "jobType": "job_type",
    "sweep": "sweep",
    "sweepName": "sweep",
    "created_at": "created_at",
    "createdAt": "created_at",
    "updated_at": "updated_at",
    "updatedAt": "updated_at",
    "heartbeat_at": "heartbeat_at",
    "heartbeatAt": "heartbeat_at",
    "username": "username",
    "user": "username",
    "host": "host",
    "notes": "notes",
}
SUMMARY = "config.wandb.summary."
METRIC = "summary_metrics."  # the last value of a metric at its highest step
COMPARISONS = ("$gt", "$gte", "$lt", "$lte")
OPERATORS = ("$eq", "$ne", *COMPARISONS, "$in", "$nin", "$regex", "$exists", "$not")
PRESENT = {"$regex": "."}  # the value exists
_LITERAL = re.compile(r"[\w /:=@,-]+", re.ASCII)
_COMMON = re.compile(r"[\w /:=@,.*+?^$|()\[\]-]+", re.ASCII)  # means the same in every dialect…
_SPECIAL = re.compile(r"\(\?|\*\?|\+\?|\?\?")  # …except these


@dataclass
class Plan:
    """What the server is asked (None: for every run), and whether that is all there is to ask."""

    server: Filter | None
    exact: bool


EVERYTHING = Plan(None, exact=False)


def plan(filters: Filter) -> Plan:
    """Return what a filter asks of the server.

    Raises:
        ValueError: it has a field or operator that does not exist.
    """
    return _and([_term(key, value) for key, value in filters.items()])


def sorts_of(order: str) -> list[tuple[str, Filter | None]]:
    """Return the server's orders for wandb's, each with the filter for the runs that it places, the first one first.

    Runs with a column for a value of the summary come before those of which it is the last value of a metric.

    Raises:
        ValueError: the order does not exist.
    """
    first = order.partition(",")[0].strip()
    sign, field = ("-", first[1:]) if first.startswith("-") else ("+", first.removeprefix("+"))
    columns = {"created_at": "createdAt", "updated_at": "updatedAt", "name": "name", "state": "status"}
    column = columns.get(FIELDS.get(field, field), "name" if field == "name" else None)
    if column:
        return [(sign + column, None)]
    if FIELDS.get(field) == "heartbeat_at" or field in (f"{METRIC}_timestamp", "summaryMetrics._timestamp"):
        return _and_the_rest([(sign + "heartbeat_at", {"heartbeat_at": {"$gte": "1970-01-02T00:00:00Z"}})])
    path = _stored_path(field)
    if path is None:
        raise ValueError(
            f"Runs cannot be ordered by {first!r}; there are created_at, updated_at, heartbeat_at, name, state,"
            " config.KEY.value and summary_metrics.KEY, with + or - in front"
        )
    places: list[tuple[str, Filter]] = [(f"{sign}{path}.value", {path: PRESENT})]
    if path.startswith(SUMMARY):
        metric = METRIC + path.removeprefix(SUMMARY)
        places.append((sign + metric, {metric: {"$gte": -sys.float_info.max}}))
    return _and_the_rest(places)


def _and_the_rest(places: list[tuple[str, Filter]]) -> list[tuple[str, Filter | None]]:
    """Return orders, each for the runs that those before it do not place, and that of the runs that none places."""
    sorts: list[tuple[str, Filter | None]] = []
    others: list[Filter] = []
    for sort, placed in places:
        sorts.append((sort, {"$and": [placed, *others]} if others else placed))
        others.append({"$not": placed})
    return [*sorts, ("-createdAt", {"$and": others} if len(others) > 1 else others[0])]


# What the server is asked


def _and(plans: list[Plan]) -> Plan:
    asked = [one.server for one in plans if one.server is not None]
    exact = all(one.exact for one in plans)
    return Plan(asked[0] if len(asked) == 1 else {"$and": asked} if asked else None, exact)


def _or(plans: list[Plan]) -> Plan:
    if any(one.server is None for one in plans):
        return EVERYTHING
    return Plan({"$or": [one.server for one in plans]}, all(one.exact for one in plans))


def _not(inner: Plan) -> Plan:
    return Plan({"$not": inner.server}, exact=True) if inner.exact and inner.server is not None else EVERYTHING


def _term(key: str, value: Any) -> Plan:
    if key in ("$and", "$or", "$nor"):
        parts = [plan(one) for one in listed(key, value)]
        return _and(parts) if key == "$and" else _or(parts) if key == "$or" else _not(_or(parts))
    if key == "$not":
        return _not(plan(value))
    if key.startswith("$"):
        raise ValueError(f"Unknown filter operator {key!r}; there are $and, $or, $nor and $not, and fields")
    _check(key)
    return _and([_leaf(key, operator, operand) for operator, operand in operations(key, value).items()])


def _leaf(key: str, operator: str, operand: Any) -> Plan:
    if operator == "$not":
        return _not(_and([_leaf(key, one, each) for one, each in operations(key, operand).items()]))
    if operator == "$ne":
        return _not(_leaf(key, "$eq", operand))
    if operator == "$nin":
        return _not(_leaf(key, "$in", operand))
    if operator == "$in":
        return _or([_leaf(key, "$eq", one) for one in listed(operator, operand)]) if operand else EVERYTHING
    ask = _ASK.get(FIELDS.get(key, ""))
    if ask is not None:
        return ask(operator, operand)
    path = _stored_path(key)
    if path is None:
        return EVERYTHING
    return _summary(path, operator, operand) if path.startswith(SUMMARY) else _stored(path, operator, operand)


def _state(operator: str, operand: Any) -> Plan:
    if operator != "$eq" or not isinstance(operand, str):
        return EVERYTHING
    word, stored = operand.lower(), "config.wandb.state"  # which a migrated run has, or one that is being preempted
    if word == "running":
        return Plan({"$and": [{"status": "running"}, {stored: {"$nin": ["preempting"]}}]}, exact=True)
    if word == "finished":
        others = ["crashed", "failed", "killed", "preempted"]
        return Plan({"$and": [{"status": "finished"}, {stored: {"$nin": others}}]}, exact=True)
    if word in ("failed", "crashed"):  # only a run's details have the reason of a failure
        return Plan({"$or": [{"status": "failed"}, {stored: word}]}, exact=False)
    if word == "killed":
        ended = {"status": {"$in": ["killed", "cancelled"]}}
        return Plan({"$or": [{"$and": [ended, {stored: {"$nin": ["preempting"]}}]}, {stored: word}]}, exact=True)
    if word in ("preempting", "preempted"):
        return Plan({stored: {"$in": ["preempting", "preempted"]}}, exact=False)
    return EVERYTHING


def _name(operator: str, operand: Any) -> Plan:
    """Pluto keeps the name that a run began with; a later one is in its config."""
    if not isinstance(operand, str):
        return EVERYTHING
    stored = "config.wandb.name"
    if operator == "$eq":
        began = {"$and": [{"name": operand}, {"$not": {stored: PRESENT}}]}
        return Plan({"$or": [{stored: operand}, began]}, exact=True)
    if operator == "$regex" and _LITERAL.fullmatch(operand):  # on names Pluto looks for a part, in any case
        return Plan({"$or": [{stored: {"$regex": operand}}, {"name": {"$regex": operand}}]}, exact=False)
    return EVERYTHING


def _tags(operator: str, operand: Any) -> Plan:
    return Plan({"tags": operand}, exact=True) if operator == "$eq" and isinstance(operand, str) else EVERYTHING


def _mark(kind: str) -> Callable[[str, Any], Plan]:
    def ask(operator: str, operand: Any) -> Plan:
        if operator == "$eq" and isinstance(operand, str) and operand:
            return Plan({"tags": f"{kind}:{operand}"}, exact=True)
        return EVERYTHING

    return ask


def _time(field: str) -> Callable[[str, Any], Plan]:
    def ask(operator: str, operand: Any) -> Plan:
        if operator not in ("$eq", *COMPARISONS):
            return EVERYTHING
        return Plan({field: {operator: _iso_time(field, operand)}}, exact=True)

    return ask


def _iso_time(field: str, operand: Any) -> str:
    """Return a time as ISO 8601.

    Raises:
        ValueError: it is neither a datetime nor a text of that form. A server answers such a filter with status 500.
    """
    if isinstance(operand, date):
        return operand.isoformat()
    try:
        datetime.fromisoformat(operand.replace("Z", "+00:00"))
    except (AttributeError, TypeError, ValueError):
        raise ValueError(
            f"{field} is compared with a datetime or a text such as '2026-01-31T12:00:00', not {operand!r:.100}"
        ) from None
    return str(operand)


def _in_metadata(name: str) -> Callable[[str, Any], Plan]:
    def ask(operator: str, operand: Any) -> Plan:
        return _stored(f"systemMetadata.{name}", operator, operand)

    return ask


_ASK: dict[str, Callable[[str, Any], Plan]] = {
    "state": _state,
    "name": _name,
    "tags": _tags,
    "group": _mark("group"),
    "job_type": _mark("job_type"),
    "sweep": _mark("sweep"),
    "created_at": _time("created_at"),
    "updated_at": _time("updated_at"),
    "heartbeat_at": _time("heartbeat_at"),
    "username": _in_metadata("username"),
    "host": _in_metadata("host"),
    "notes": lambda operator, operand: _stored("config.wandb.notes", operator, operand),
    # A run of another client has an id that its list of runs does not know.
    "id": lambda operator, operand: (
        Plan({"$or": [{f"systemMetadata.{RUN_ID}": operand}, {"$not": {f"systemMetadata.{RUN_ID}": PRESENT}}]}, False)
        if operator == "$eq"
        else EVERYTHING
    ),
}


def _stored_path(key: str) -> str | None:
    """Return where the server has what a filter names: a key of the configuration, or of the summary kept there.

    wandb keeps `config.KEY.value`: the `value` may be left out, and is here.
    """
    for prefix, place in (("config.", "config."), ("summary_metrics.", SUMMARY), ("summaryMetrics.", SUMMARY)):
        if key.startswith(prefix) and len(key) > len(prefix):
            return place + (without_value(key[len(prefix) :]) if place == "config." else key[len(prefix) :])
    return None


def without_value(key: str) -> str:
    if key.endswith(".value"):
        return key.removesuffix(".value")
    return key.replace(".value.", ".", 1)


def _stored(path: str, operator: str, operand: Any) -> Plan:
    if operator in COMPARISONS and isinstance(operand, (int, float)) and not isinstance(operand, bool):
        return Plan({path: {operator: operand}}, exact=True)
    if operator == "$eq" and isinstance(operand, (str, int, float)):  # lists and None are compared here
        return Plan({path: operand}, exact=True)
    if operator == "$regex" and isinstance(operand, str) and _COMMON.fullmatch(operand):
        return EVERYTHING if _SPECIAL.search(operand) else Plan({path: {"$regex": operand}}, exact=True)
    return EVERYTHING


def _summary(path: str, operator: str, operand: Any) -> Plan:
    """Ask for a value of the summary: a column of the configuration, or else the last value of a metric."""
    stored, name = _stored(path, operator, operand), path.removeprefix(SUMMARY)
    if name in ("_step", "_timestamp"):  # of these a run of this version has no columns
        return EVERYTHING
    if not stored.exact or operator == "$regex" or isinstance(operand, (str, bool)):  # no number
        return stored
    last = {"$and": [{f"{METRIC}{name}": {operator: operand}}, {"$not": {path: PRESENT}}]}
    return Plan({"$or": [stored.server, last]}, exact=True)


# What a filter may say


def _check(key: str) -> None:
    if key not in FIELDS and _stored_path(key) is None:
        raise ValueError(
            f"Runs cannot be filtered by {key!r}; there are {', '.join(sorted(FIELDS))}, config.KEY and"
            " summary_metrics.KEY"
        )


def operations(key: str, value: Any) -> dict[str, Any]:
    """Return the operators that a field is tested with; a bare value means `$eq`."""
    if not (isinstance(value, Mapping) and value and all(str(one).startswith("$") for one in value)):
        return {"$eq": value}
    for operator, operand in value.items():
        if operator not in OPERATORS:
            raise ValueError(f"Unknown operator {operator!r} on {key}; there are {', '.join(OPERATORS)}")
        if operator == "$regex":
            _check_pattern(key, operand)
    return dict(value)


def _check_pattern(key: str, pattern: Any) -> None:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ValueError(f"The $regex on {key} is not a regular expression: {pattern!r:.100} ({error})") from None


def listed(operator: str, operand: Any) -> list[Any]:
    if not isinstance(operand, (list, tuple)):
        raise ValueError(f"{operator} takes a list, not {operand!r:.100}")
    return list(operand)

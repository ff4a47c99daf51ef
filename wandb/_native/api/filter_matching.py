"""Decides whether a run matches a filter, where the server cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from wandb._native.api.filters import FIELDS, Filter, listed, operations, without_value

if TYPE_CHECKING:
    from wandb.apis.public.runs import Run

_MISSING = object()


def matches(filters: Filter, run: Run) -> bool:
    """Whether a run is one that a filter takes; its details are read where they are needed."""
    return all(_holds(key, value, run) for key, value in filters.items())


def _holds(key: str, value: Any, run: Run) -> bool:
    if key in ("$and", "$or", "$nor"):
        found = (matches(one, run) for one in listed(key, value))
        return all(found) if key == "$and" else any(found) if key == "$or" else not any(found)
    if key == "$not":
        return not matches(value, run)
    field = FIELDS.get(key)
    values = _values(key, run) if field is None else _field(field, run)
    return all(_test(field, values, operator, operand) for operator, operand in operations(key, value).items())


def _field(field: str, run: Run) -> list[Any]:
    """Return what a run has in a field; a list has several values."""
    if field == "tags":
        return list(run.tags)
    if field == "username":
        return [(run.metadata or {}).get("username")]
    if field == "host":
        return [(run.metadata or {}).get("host")]
    names = {"sweep": "sweep_name", "state": "state", "id": "id", "name": "name"}
    value = getattr(run, names.get(field, field), None)
    return [] if value in (None, "") else [value]


def _values(key: str, run: Run) -> list[Any]:
    prefix, _, path = key.partition(".")
    tree: Any = run.config if prefix == "config" else run.summary_metrics
    for form in dict.fromkeys((path, without_value(path))):
        value = _at(tree, form)
        if value is not _MISSING:
            return [value, *value] if isinstance(value, list) else [value]
    return []


def _at(tree: Any, path: str) -> Any:
    """Return the value in nested dicts under a path, whose keys may have dots themselves."""
    if not isinstance(tree, Mapping):
        return _MISSING
    if path in tree:
        return tree[path]
    for at in [at for at, letter in enumerate(path) if letter == "."]:
        if path[:at] in tree and (found := _at(tree[path[:at]], path[at + 1 :])) is not _MISSING:
            return found
    return _MISSING


def _test(field: str | None, values: list[Any], operator: str, operand: Any) -> bool:
    if operator == "$not":
        return not all(_test(field, values, one, each) for one, each in operations("$not", operand).items())
    if operator == "$ne":
        return not _test(field, values, "$eq", operand)
    if operator == "$nin":
        return not _test(field, values, "$in", operand)
    if operator == "$in":
        return any(_test(field, values, "$eq", one) for one in listed(operator, operand))
    if operator == "$exists":
        return bool(values) == bool(operand)
    if operator == "$eq":
        if operand is None:
            return not values or None in values
        return any(_same(value, operand) for value in values)
    if operator == "$regex":
        pattern = re.compile(str(operand))
        return any(pattern.search(value) for value in values if isinstance(value, str))
    return any(_compare(value, operator, operand) for value in values)


def _same(value: Any, operand: Any) -> bool:
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    return bool(value == operand)


def _compare(value: Any, operator: str, operand: Any) -> bool:
    operand = operand.isoformat() if isinstance(operand, date) else operand
    try:
        compare = {
            "$gt": lambda: value > operand,
            "$gte": lambda: value >= operand,
            "$lt": lambda: value < operand,
            "$lte": lambda: value <= operand,
        }
        return bool(compare[operator]())
    except TypeError:
        return False

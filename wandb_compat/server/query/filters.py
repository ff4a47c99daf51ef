"""The filter language of the run list: compile a wandb-style query into a predicate on runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import RequestError
from wandb_compat.server.query.bounded_regex import Pattern, TooSlow

BOOLEAN_OPERATORS = ("$and", "$or", "$not")
COMPARISONS = ("$gt", "$gte", "$lt", "$lte")
LEAF_OPERATORS = ("$eq", "$ne", *COMPARISONS, "$in", "$nin", "$regex")
STATUS_FIELDS = ("state", "status")
HEARTBEAT_FIELDS = ("heartbeat_at", "heartbeatAt")
CREATED_FIELDS = ("created_at", "createdAt")
UPDATED_FIELDS = ("updated_at", "updatedAt")
NAME_FIELDS = ("name", "displayName", "display_name")
FIELDS = (*STATUS_FIELDS, *HEARTBEAT_FIELDS, *CREATED_FIELDS, *UPDATED_FIELDS, *NAME_FIELDS, "tags")
CONFIG_PREFIX, METADATA_PREFIX = "config.", "systemMetadata."
SUMMARY_PREFIXES = ("summaryMetrics.", "summary_metrics.")
PREFIXES = (CONFIG_PREFIX, METADATA_PREFIX, *SUMMARY_PREFIXES)

STATUS_WORDS = {
    "running": "RUNNING",
    "finished": "COMPLETED",
    "completed": "COMPLETED",
    "failed": "FAILED",
    "crashed": "FAILED",
    "killed": "TERMINATED",
    "terminated": "TERMINATED",
    "preempted": "CANCELLED",
    "cancelled": "CANCELLED",
    "canceled": "CANCELLED",
}

# Decimal numbers only: `007` and `0x1F` are names.
NUMBER = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass
class Candidate:
    """The fields of a run that filters use; times in milliseconds, `heartbeat` None when the run has no metrics."""

    name: str
    status: str
    tags: list[str]
    created: int
    updated: int
    heartbeat: int | None
    config: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, float] = field(default_factory=dict)


Predicate = Callable[[Candidate], bool]


def compile_filter(node: Any, depth: int = 0) -> Predicate:
    """Compile a filter document into a predicate.

    Raises:
        RequestError: 400, naming the invalid part.
    """
    if depth > limits.FILTER_DEPTH:
        raise RequestError(400, f"The filter is nested deeper than {limits.FILTER_DEPTH} levels")
    if not isinstance(node, dict):
        raise RequestError(400, f"A filter must be an object, not {node!r:.100}")
    return _all([_term(key, value, depth) for key, value in node.items()])


def flatten(document: Any) -> dict[str, Any]:
    """Return nested objects as one level with dotted keys; lists stay whole."""
    flat: dict[str, Any] = {}

    def visit(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                visit(f"{prefix}.{key}" if prefix else key, inner)
        elif prefix:
            flat[prefix] = value

    visit("", document)
    return flat


def number(value: Any) -> float | None:
    """Return the number that a stored value is or spells, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)) or (isinstance(value, str) and NUMBER.fullmatch(value)):
        try:
            return float(value)
        except OverflowError:  # an integer of more than 300 digits
            return None
    return None


def text(value: Any) -> str:
    """Return a stored value as text for comparison."""
    return value if isinstance(value, str) else json.dumps(value)


def grammar() -> dict[str, Any]:
    """Return the grammar as the OpenAPI component `RunFilterGrammar`."""

    def words(choices: tuple[str, ...]) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": list(choices)}}

    return {
        "type": "object",
        "properties": {
            "booleanOperators": words(BOOLEAN_OPERATORS),
            "leafOperators": words(LEAF_OPERATORS),
            "fields": words(FIELDS),
            "fieldPrefixes": words(PREFIXES),
        },
    }


def _all(predicates: list[Predicate]) -> Predicate:
    return lambda run: all(predicate(run) for predicate in predicates)


def _any(predicates: list[Predicate]) -> Predicate:
    return lambda run: any(predicate(run) for predicate in predicates)


def _not(predicate: Predicate) -> Predicate:
    return lambda run: not predicate(run)


def like(pattern: str) -> Callable[[str], bool]:
    """Return a test whether a text has a pattern in it; `%` and `_` are wildcards as in SQL, letter case is ignored."""
    pieces = {"%": ".*", "_": "."}
    found = re.compile("".join(pieces.get(letter, re.escape(letter)) for letter in pattern), re.IGNORECASE | re.DOTALL)
    return lambda text: found.search(text) is not None


def _term(key: str, value: Any, depth: int) -> Predicate:
    if key in ("$and", "$or"):
        if not isinstance(value, list):
            raise RequestError(400, f"{key} expects a list, not {value!r:.100}")
        children = [compile_filter(child, depth + 1) for child in value]
        if not children:
            return _none
        return _all(children) if key == "$and" else _any(children)
    if key == "$not":
        return _not(compile_filter(value, depth + 1))
    if key.startswith("$"):
        raise RequestError(400, f"Unknown boolean operator {key!r}; there are {', '.join(BOOLEAN_OPERATORS)}")
    leaf = _leaf_of(key)
    operations = value if isinstance(value, dict) else {"$eq": value}
    if not operations:
        raise RequestError(400, f"The filter on {key} has no operator")
    if leaf in (_config, _metadata) and not any(operator.startswith("$") for operator in operations):
        return _none  # objects are not stored: values are flattened
    if leaf is _status:
        operations = dict([list(operations.items())[-1]])  # as on the real server
    return _all([leaf(key, operator, operand) for operator, operand in operations.items()])


def _none(run: Candidate) -> bool:
    return False


def _leaf_of(key: str) -> Callable[[str, str, Any], Predicate]:
    if key in STATUS_FIELDS:
        return _status
    if key in HEARTBEAT_FIELDS:
        return _heartbeat
    if key in CREATED_FIELDS:
        return _created
    if key in UPDATED_FIELDS:
        return _updated
    if key in NAME_FIELDS:
        return _name
    if key == "tags":
        return _tags
    for prefix, leaf in (
        (CONFIG_PREFIX, _config),
        (METADATA_PREFIX, _metadata),
        *((p, _summary) for p in SUMMARY_PREFIXES),
    ):
        if key.startswith(prefix) and len(key) > len(prefix):
            return leaf
    raise RequestError(
        400, f"Unknown filter field {key!r}; there are {', '.join((*FIELDS, *(p + '*' for p in PREFIXES)))}"
    )


def _allow(key: str, operator: str, operators: tuple[str, ...]) -> None:
    if operator not in operators:
        raise RequestError(400, f"{key} does not support {operator!r}; it supports {', '.join(operators)}")


def _list(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


def _text_operand(key: str, operator: str, operand: Any) -> str:
    if not isinstance(operand, str):
        raise RequestError(400, f"{operator} on {key} expects text, not {operand!r:.100}")
    return operand


def _compare(operator: str, value: float, bound: float) -> bool:
    if operator == "$gt":
        return value > bound
    if operator == "$gte":
        return value >= bound
    if operator == "$lt":
        return value < bound
    if operator == "$lte":
        return value <= bound
    return value == bound


def _status(key: str, operator: str, operand: Any) -> Predicate:
    _allow(key, operator, ("$eq", "$ne", "$in", "$nin"))
    words = _list(operand) if operator in ("$in", "$nin") else [operand]
    wanted = set()
    for word in words:
        status = STATUS_WORDS.get(word.lower()) if isinstance(word, str) else None
        if status is None:
            raise RequestError(400, f"Unknown status {word!r:.100}; there are {', '.join(sorted(STATUS_WORDS))}")
        wanted.add(status)
    if operator in ("$eq", "$in"):
        return lambda run: run.status in wanted
    return lambda run: run.status not in wanted


def _name(key: str, operator: str, operand: Any) -> Predicate:
    _allow(key, operator, ("$eq", "$ne", "$regex"))
    if operator == "$regex":  # Pluto treats it as a case-insensitive part of the name with SQL's wildcards
        is_like = like(_text_operand(key, operator, operand))
        return lambda run: is_like(run.name)
    return lambda run: (run.name == operand) == (operator == "$eq")


def _tags(key: str, operator: str, operand: Any) -> Predicate:
    _allow(key, operator, ("$eq", "$in"))
    wanted = {_text_operand(key, operator, tag) for tag in (_list(operand) if operator == "$in" else [operand])}
    return lambda run: not wanted.isdisjoint(run.tags)


def _created(key: str, operator: str, operand: Any) -> Predicate:
    _allow(key, operator, ("$eq", *COMPARISONS))
    bound = milliseconds(key, operand)
    return lambda run: _compare(operator, run.created, bound)


def _updated(key: str, operator: str, operand: Any) -> Predicate:
    _allow(key, operator, ("$eq", *COMPARISONS))
    bound = milliseconds(key, operand)
    return lambda run: _compare(operator, run.updated, bound)


def _heartbeat(key: str, operator: str, operand: Any) -> Predicate:
    _allow(key, operator, COMPARISONS)
    bound = milliseconds(key, operand)
    inclusive = {"$gt": "$gte", "$lt": "$lte"}.get(operator, operator)  # as Pluto does
    return lambda run: run.heartbeat is not None and _compare(inclusive, run.heartbeat, bound)


def milliseconds(key: str, operand: Any) -> float:
    """Parse an ISO 8601 text (UTC if it has no zone); anything else raises 500, as on the real server."""
    if isinstance(operand, str):
        try:
            moment = datetime.fromisoformat(operand.strip().replace("Z", "+00:00"))
        except ValueError:
            pass
        else:
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
            return zoned.timestamp() * 1000
    raise RequestError(500, f"{key} expects an ISO 8601 time, not {operand!r:.100}")


def _summary(key: str, operator: str, operand: Any) -> Predicate:
    _allow(key, operator, ("$eq", "$ne", *COMPARISONS))
    bound, name = number(operand), key.partition(".")[2]
    if bound is None:
        return _none
    if operator == "$ne":
        return lambda run: name in run.summary and run.summary[name] != bound
    return lambda run: name in run.summary and _compare(operator, run.summary[name], bound)


def _config(key: str, operator: str, operand: Any) -> Predicate:
    test, name = _stored(key, operator, operand), key.partition(".")[2]
    return lambda run: test(name, run.config)


def _metadata(key: str, operator: str, operand: Any) -> Predicate:
    test, name = _stored(key, operator, operand), key.partition(".")[2]
    return lambda run: test(name, run.metadata)


def _stored(key: str, operator: str, operand: Any) -> Callable[[str, Mapping[str, Any]], bool]:
    """Return the test of one key of a flattened document; a missing key matches only `$ne` and `$nin`."""
    _allow(key, operator, LEAF_OPERATORS)
    if operator in ("$eq", "$ne", "$in", "$nin"):
        wanted = _list(operand) if operator in ("$in", "$nin") else [operand]
        if wanted == [None]:
            return lambda name, values: False
        positive = operator in ("$eq", "$in")
        return lambda name, values: (
            (name in values and any(_equal(values[name], value) for value in wanted)) == positive
        )
    if operator == "$regex":
        try:
            pattern = Pattern(_text_operand(key, operator, operand))
        except re.error as error:
            raise RequestError(500, f"{operand!r:.100} is not a valid regular expression: {error}") from None

        def matches(name: str, values: Mapping[str, Any]) -> bool:
            try:
                return name in values and pattern.search(text(values[name]))
            except TooSlow:
                raise RequestError(
                    400, f"The regular expression {operand!r:.100} takes too long; simplify it"
                ) from None

        return matches
    bound = _number_operand(key, operator, operand)

    def compare(name: str, values: Mapping[str, Any]) -> bool:
        value = number(values.get(name))
        return value is not None and _compare(operator, value, bound)

    return compare


def _equal(stored: Any, wanted: Any) -> bool:
    left, right = number(stored), number(wanted)
    if left is not None and right is not None:
        return left == right
    return text(stored) == text(wanted)


def _number_operand(key: str, operator: str, operand: Any) -> float:
    bound = number(operand)
    if bound is None:
        raise RequestError(500, f"{operator} on {key} expects a number, not {operand!r:.100}")
    return bound

"""`autolog` for Cohere's client."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import wandb
from wandb.sdk.integration_utils.auto_logging import AutologAPI

# What both versions of the client call in the end: a client binds its functions when it is made.
SYMBOLS = tuple(
    f"{place}.{kind}.{name}"
    for place, kinds, names in (
        ("raw_base_client", ("RawBaseCohere", "AsyncRawBaseCohere"), "chat generate classify rerank summarize"),
        ("v2.raw_client", ("RawV2Client", "AsyncRawV2Client"), "chat rerank"),
    )
    for kind in kinds
    for name in names.split()
)
ASKED = ("message", "messages", "prompt", "query", "inputs", "text")
ANSWERED = ("text", "message", "generations", "classifications", "results", "summary")
COLUMNS = ["kind", "model", "request", "response", "seconds"]


def resolve(
    args: Sequence[Any], kwargs: dict[str, Any], response: Any, start_time: float, time_elapsed: float
) -> dict[str, Any] | None:
    """Return a table of one call and how many tokens it took."""
    answer = response.data.model_dump(mode="json")
    given = {name: value for name, value in kwargs.items() if value not in (None, ...)}  # … means not given
    asked = next((given[name] for name in ASKED if name in given), None)
    answered = next((answer[name] for name in ANSWERED if answer.get(name) is not None), None)
    kind = type(response.data).__name__
    table = wandb.Table(columns=COLUMNS, data=[[kind, given.get("model"), _text(asked), _text(answered), time_elapsed]])
    usage = answer.get("usage") or answer.get("meta") or {}
    counts = (usage.get("tokens") or usage.get("billed_units") or {}).items()
    tokens = {f"usage/{name}": count for name, count in counts if count is not None}
    return {**tokens, "usage/elapsed_time": time_elapsed, "traces": table}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    plain = [one.model_dump(mode="json") if hasattr(one, "model_dump") else one for one in _list(value)]
    return json.dumps(plain if isinstance(value, (list, tuple)) else plain[0], ensure_ascii=False, default=str)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


autolog = AutologAPI(name="cohere", symbols=SYMBOLS, resolver=resolve)

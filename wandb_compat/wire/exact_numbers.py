"""Numbers of a config that the server's JSON parser would change are also stored as text, from which we read them.

A server has doubles only and stores 16 digits of them: integers beyond 2^53 are rounded, `0.1 + 0.2` becomes `0.3`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wandb_compat.wire.json_numbers import SAFE_INTEGER, equal_as_stored, stored_fraction

# Field of `config["wandb"]`: `{"config": …}`, as deep as the config; of earlier versions also `summary`, which
# is a text now that keeps all digits.
EXACT = "exact_numbers"


def with_exact(config: Mapping[str, Any], known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return config values with the texts of those numbers that a server would change.

    Args:
        config: values to send, NaN and infinities as their names; not changed.
        known: the texts sent so far, in the form of EXACT. Those that no longer hold become None in the result; it is
            brought up to date in place.
    """
    known = {} if known is None else known
    about = config.get("wandb")
    own = {key: value for key, value in config.items() if key != "wandb"}
    texts = _texts(own, known.setdefault("config", {}))
    if not texts or not (about is None or isinstance(about, dict)):
        return dict(config)
    return {**config, "wandb": {**(about or {}), EXACT: {"config": texts}}}


def _texts(values: Mapping[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    for key, value in values.items():
        before = known.get(key)
        if isinstance(value, dict):
            below = before if isinstance(before, dict) else {}
            if inner := _texts(value, below):
                texts[key], known[key] = inner, below
                continue
            if isinstance(before, dict):
                continue
        elif is_changed(value):
            texts[key] = known[key] = json.dumps(value)
            continue
        if before is not None:
            texts[key] = None
            del known[key]
    return texts


def is_changed(value: Any) -> bool:
    """Whether a server changes a number, or one in a list."""
    if isinstance(value, list):
        return any(map(is_changed, value))
    if isinstance(value, dict):  # in a list
        return any(map(is_changed, value.values()))
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return abs(value) > SAFE_INTEGER
    if isinstance(value, float):
        return stored_fraction(value) != value or (abs(value) > SAFE_INTEGER and value.is_integer())
    return False


def restored(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config as the server gives it with its exact numbers, and without their texts.

    A value that was changed since, by another client, stays as it is.
    """
    about = config.get("wandb")
    if not isinstance(about, dict) or EXACT not in about:
        return dict(config)
    rest = {key: value for key, value in about.items() if key != EXACT}
    texts = about[EXACT] if isinstance(about[EXACT], dict) else {}
    own = _restored({key: value for key, value in config.items() if key != "wandb"}, texts.get("config"))
    if "summary" in rest:
        rest["summary"] = _restored(rest["summary"], texts.get("summary"))
    return {key: rest if key == "wandb" else own[key] for key in config}


def _restored(stored: Any, texts: Any) -> Any:
    if isinstance(stored, dict) and isinstance(texts, dict):
        return {key: _restored(value, texts.get(key)) for key, value in stored.items()}
    if not isinstance(texts, str) or isinstance(stored, dict):
        return stored
    try:
        exact = json.loads(texts)
    except ValueError:
        return stored
    return exact if equal_as_stored(exact, stored) else stored

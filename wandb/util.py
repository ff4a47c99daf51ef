"""Small functions that scripts take from wandb."""

from __future__ import annotations

import importlib
import json
import re
from datetime import date, datetime
from typing import Any

from wandb.sdk.lib.runid import generate_id
from wandb_compat.convert import plain

__all__ = ["generate_id", "get_module", "json_dumps_safer", "json_friendly_val", "make_artifact_name_safe"]

_NAME_LIMIT = 128  # characters of an artifact's name
json_friendly_val = plain


def json_dumps_safer(obj: Any, **kwargs: Any) -> str:
    """Return JSON; numpy and torch values, sets, bytes and dates have a form.

    Raises:
        TypeError: something else is in it.
    """
    return json.dumps(obj, default=_json_form, **kwargs)


def _json_form(obj: Any) -> Any:
    if isinstance(obj, (set, frozenset)):
        return list(obj)
    if isinstance(obj, (datetime, date)):
        return obj.isoformat()
    if isinstance(obj, bytes):
        return obj.decode("utf-8")
    if hasattr(obj, "tolist"):
        return (obj.detach() if hasattr(obj, "detach") else obj).tolist()
    if hasattr(obj, "json_encode"):
        return obj.json_encode()
    raise TypeError(f"Object of type {type(obj).__name__} is not JSON serializable")


def make_artifact_name_safe(name: str) -> str:
    """Return a name with everything that an artifact's name may not have replaced by `_`, 128 characters at most."""
    safe = re.sub(r"[^a-zA-Z0-9_\-.]", "_", name)
    if len(safe) <= _NAME_LIMIT:
        return safe
    half = _NAME_LIMIT // 2 - 1
    return f"{safe[:half]}..{safe[-half:]}"


def get_module(name: str, required: str | bool | None = None, lazy: bool = True) -> Any:
    """Import a module by name.

    Args:
        name: dotted name.
        required: the sentence of the error if it is missing.
        lazy: accepted.

    Returns:
        The module, or None when it is missing and not required.

    Raises:
        wandb.Error: it is missing and required.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if not required:
            return None
        from wandb.errors import Error

        raise Error(required if isinstance(required, str) else f"{name} is required") from error

"""JSON with NaN and infinities as bare words, as wandb writes it."""

from __future__ import annotations

import json
from typing import Any


def dumps(obj: Any, **kwargs: Any) -> str:
    """Return JSON without blanks; arguments as `json.dumps`."""
    return json.dumps(obj, **{"separators": (",", ":"), **kwargs})


def dump(obj: Any, fp: Any, **kwargs: Any) -> None:
    """Write JSON to a file."""
    fp.write(dumps(obj, **kwargs))


def loads(s: str | bytes | bytearray, **kwargs: Any) -> Any:
    """Return what a JSON text says."""
    return json.loads(s, **kwargs)


def load(fp: Any, **kwargs: Any) -> Any:
    """Return what a file of JSON says."""
    return json.load(fp, **kwargs)

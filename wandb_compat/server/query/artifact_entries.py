"""Read what runs have published about artifacts in their config; any client can write there, so the rest is skipped."""

from __future__ import annotations

import json
from typing import Any

from wandb_compat.wire.artifact_versions import Entry
from wandb_compat.wire.packed_config import unpacked

Answer = dict[str, Any]


def read_entries(published: Any) -> list[Entry]:
    """Return the valid entries of one name in a config; any client can write there, so others are skipped."""
    known = Entry.__dataclass_fields__  # a later version may add fields
    found = []
    for text in object_of(published).values():
        try:
            entry = Entry(**{name: value for name, value in json.loads(text).items() if name in known})
        except (TypeError, ValueError, AttributeError):
            continue
        whole = all(type(number) is int for number in (entry.order, entry.time, entry.version, entry.size, entry.run))
        if (
            whole
            and isinstance(entry.digest, str)
            and isinstance(entry.aliases, list)
            and isinstance(entry.changes, dict)
        ):
            found.append(entry)
    return found


def own_config(config: Any) -> Answer:
    """Return the part of a config that our client keeps for itself."""
    return object_of(unpacked(object_of(config)).get("wandb"))


def object_of(value: Any) -> Answer:
    """Return an object, an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}

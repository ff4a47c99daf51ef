"""Names and tags as a Pluto server stores them."""

from __future__ import annotations

import re

from wandb_compat.config.limits import NAME_LIMIT, TAG_LIMIT

_UNPRINTABLE = re.compile(r"[^ -~]")


def printable(name: str) -> str:
    """Return a key or name as Pluto spells it: every character outside printable ASCII becomes `-`."""
    name = _UNPRINTABLE.sub("-", name)
    return name if name.strip() else "-"


def header_name(text: str) -> str:
    """Return a run or project name as it can travel in a header: printable ASCII, 255 characters at most."""
    return printable(text).strip()[:NAME_LIMIT].strip()


def stored_tags(given: list[str]) -> list[str]:
    """Return tags as the server takes them: each once, 50 at most, one `group:` at most, the last one."""
    groups = [tag for tag in given if tag.startswith("group:")]
    kept = [tag for tag in dict.fromkeys(given) if tag not in groups[:-1]]
    if len(kept) > TAG_LIMIT and groups:  # the group is worth more than a fiftieth tag
        kept = [*[tag for tag in kept if tag != groups[-1]][: TAG_LIMIT - 1], groups[-1]]
    return kept[:TAG_LIMIT]

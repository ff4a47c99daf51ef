"""How each public name is supported, as its docstring says: full, mapped, accepted or refused.

A paragraph that begins with `In Pluto:` says in which other form a name arrives there, `Accepted:` that it has no
counterpart and changes nothing, `Refused:` that it raises and what to do instead. Without any, it is as in wandb.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_WORDS = {"In Pluto": "mapped", "Accepted": "accepted", "Refused": "refused"}
_PARAGRAPH = re.compile(rf"^({'|'.join(_WORDS)}): (.*?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
LEVELS = {
    "full": "as in wandb",
    "mapped": "arrives in another form, with a warning",
    "accepted": "has no counterpart and changes nothing",
    "refused": "raises `wandb.errors.UnsupportedError` and says what to do instead",
}


class Support(NamedTuple):
    """How a name is supported: `level` is one of LEVELS, `how` what its docstring says about it."""

    name: str
    level: str
    how: str


def level(thing: Any) -> str:
    """Return `full`, `mapped`, `accepted` or `refused`."""
    return of("", thing).level


def of(name: str, thing: Any) -> Support:
    """Return how a thing is supported."""
    thing = thing.__func__ if isinstance(thing, (classmethod, staticmethod)) else thing
    if isinstance(thing, property):
        thing = thing.fget
    described = inspect.isroutine(thing) or inspect.isclass(thing) or inspect.ismodule(thing)
    # A class's own docstring: what a base says holds for the base.
    text = (
        inspect.cleandoc((vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__) or "")
        if described
        else ""
    )
    found = _PARAGRAPH.search(text)
    if found is None:
        return Support(name, "full", "")
    return Support(name, _WORDS[found[1]], " ".join(found[2].split()))


def table() -> dict[str, list[Support]]:
    """Return the public names, by the heading under which they are shown."""
    import wandb
    from wandb import data_types
    from wandb._native import lazy
    from wandb.sdk.data_types.base_types.wb_value import WBValue

    values = [one for one in _public(data_types) if inspect.isclass(one[1]) and issubclass(one[1], WBValue)]
    methods = [
        one
        for one in _public(wandb.Run)
        if inspect.isfunction(one[1]) or (isinstance(one[1], property) and level(one[1]) != "full")
    ]
    shown = {name for name, _ in (*values, *methods)}
    top = [(name, getattr(wandb, name)) for name in sorted({*wandb.__all__, *lazy.names()} - shown)]
    charts = [("plot", one) for one in _public(wandb.plot) if inspect.isfunction(one[1])]
    charts += [("sklearn", one) for one in _public(wandb.sklearn) if one[0].startswith("plot_")]
    reading: list[tuple[str, Any]] = [
        (f"Api().{name}", one) for name, one in _public(wandb.Api) if inspect.isfunction(one)
    ]
    # Of what the API returns, that which is not as in wandb.
    for kind in ("ArtifactCollection", "File", "Member", "Run", "Sweep", "Team", "User"):
        members: list[tuple[str, Any]] = list(_public(getattr(wandb.apis.public, kind)))
        reading += [(f"{kind}.{name}", one) for name, one in members if inspect.isroutine(one) and level(one) != "full"]
    apart = [
        (f"{module}.{name}", thing)
        for module in ("wandb.automations", "wandb.sandbox", "wandb.sdk.launch")
        for name, thing in _named(module)
    ]
    return {
        "Values for `log`": [of(f"wandb.{name}", one) for name, one in values],
        "Runs": [of(f"run.{name}", one) for name, one in methods],
        "Charts": [of(f"wandb.{module}.{name}", one) for module, (name, one) in charts],
        "Reading back": [of(name, one) for name, one in reading],
        "Everything else": [
            of(f"wandb.{name}", one) for name, one in top if inspect.isclass(one) or inspect.isroutine(one)
        ],
        "Launch, sandbox, automations": [of(name, one) for name, one in apart],
    }


def _public(owner: Any) -> Iterator[tuple[str, Any]]:
    for name in sorted(dir(owner)):
        if not name.startswith("_"):
            yield name, getattr(owner, name)


def _named(module: str) -> Iterator[tuple[str, Any]]:
    found = importlib.import_module(module)
    for name in sorted(found.__all__):
        yield name, getattr(found, name)


if __name__ == "__main__":  # for `wandb-compat doctor --api`, whose process may have another wandb
    import json

    print(json.dumps(table()))

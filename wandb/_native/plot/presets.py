"""Descriptions of charts that `Api.create_custom_chart` keeps on this disk, for `wandb.plot_table` to find by name."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def folder() -> Path:
    """Return the folder of chart descriptions: `PLUTO_DIR/charts`, by default `~/.pluto/charts`."""
    return Path(os.environ.get("PLUTO_DIR") or Path.home() / ".pluto", "charts")


def keep(id: str, about: dict[str, Any]) -> None:
    """Keep a description under its id, `entity/name`; an older one of that id is replaced."""
    path = _path(id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(about), encoding="utf-8")


def find(id: str) -> dict[str, Any] | None:
    """Return the Vega specification of an id, or None."""
    try:
        return dict(json.loads(_path(id).read_text(encoding="utf-8"))["spec"])
    except (OSError, ValueError):  # one of wandb's own, or of another machine
        return None


def _path(id: str) -> Path:
    entity, _, name = id.partition("/")
    for part in (entity, name):
        if not part or "/" in part or "\\" in part or part.startswith("."):
            raise ValueError(f"{id!r} cannot name a chart: write it as entity/name, with no further slashes")
    return folder() / entity / f"{name}.json"

"""Changes that a person makes to runs: name, notes, tags, group, colour, archive, delete, restore and stop.

The real server has no routes for these. A deleted run keeps its rows for a day under the negated number of its
project: no query that joins the project finds it, its external id can be used again, and it can be restored.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import Fields, RequestError, ValidationError, check_text
from wandb_compat.server.storage.database import Store
from wandb_compat.server.storage.runs import RUNNING, merge_config, set_status

EDITED = 1000  # runs in one edit
RESTORABLE = 86_400_000  # milliseconds until a deleted run is removed
COLOR = re.compile(r"#[0-9a-f]{6}")
MARKS = ("group:", "job_type:", "sweep:")  # tags in which the client sends attributes

Answer = dict[str, Any]


def edit(store: Store, fields: Fields) -> Answer:
    """Change runs.

    Args:
        store: the data folder.
        fields: `runs`, their numbers; each of the others is optional: `name`; `notes`, Markdown; `tags`, all of the
            user's; `addTags` and `removeTags`; `group`, null removes it; `color`, as #rrggbb, null for the default
            one; `archived`, true or false.

    Raises:
        RequestError: 400 for an invalid value, 404 for an unknown run; no run is changed then.
    """
    name = check_text("name", fields.text("name", limits.NAME)) if "name" in fields else None
    notes = check_text("notes", fields.any_text("notes")) if "notes" in fields else None
    if notes is not None and len(notes) > limits.LONG_NOTES:
        raise ValidationError(f"The notes have {len(notes)} characters; at most {limits.LONG_NOTES} are stored")
    color = fields.optional_text("color")
    if color is not None and not COLOR.fullmatch(color):
        raise ValidationError(f"color must be as #12ab9f, not {color!r:.100}")
    now = store.now()
    with store.write() as connection:
        for run in _runs(connection, fields):
            values: Answer = {"updated": now}
            own: Answer = {}  # what the client keeps in the config and reads back
            if name is not None:
                values["name"] = own["name"] = name
            if notes is not None:
                values["notes"], own["notes"] = notes[: limits.NOTES] or None, notes
            if "color" in fields:
                values["color"] = color
            if "archived" in fields:
                values["archived"] = int(fields.flag("archived", False))
            tags = _tags(json.loads(run["tags"]), fields)
            if "group" in fields:
                group = fields.optional_text("group", limits.NAME) or None
                tags = [tag for tag in tags if not tag.startswith("group:")]
                tags += [f"group:{check_text('group', group)}"] if group else []
                own["group"] = group
            if len(tags) > limits.TAGS:
                raise ValidationError(f"A run can have at most {limits.TAGS} tags, not {len(tags)}")
            values["tags"] = json.dumps(tags)
            if own:
                merge_config(connection, run["id"], {"wandb": own}, now)
            _set(connection, run["id"], values)
    return {"success": True}


def delete(store: Store, fields: Fields) -> Answer:
    """Delete runs; for a day `restore` brings them back.

    Raises:
        RequestError: 409 for a running one, whose client would create it again.
    """
    now = store.now()
    with store.write() as connection:
        for run in _runs(connection, fields):
            if run["status"] == RUNNING:
                raise RequestError(409, f"{run['name']} is still running. Stop it first")
            _set(connection, run["id"], {"project": -run["project"], "deleted": now, "updated": now})
    return {"success": True, "restorable": now + RESTORABLE}


def restore(store: Store, fields: Fields) -> Answer:
    """Bring deleted runs back."""
    numbers = _numbers(fields)
    with store.write() as connection:
        for number in numbers:
            run = connection.execute("SELECT * FROM run WHERE id = ? AND deleted IS NOT NULL", (number,)).fetchone()
            if run is None:
                raise RequestError(404, f"Run not found among the deleted ones: {number}")
            try:
                _set(connection, number, {"project": -run["project"], "deleted": None, "updated": store.now()})
            except sqlite3.IntegrityError:
                raise RequestError(409, f"A newer run has the id {run['external']} of run {number}") from None
    return {"success": True}


def stop(store: Store, fields: Fields) -> Answer:
    """Ask running runs to stop: their clients learn it from the next heartbeat. Others stay as they are."""
    now = store.now()
    reason = {"type": "Stop", "message": "stopped on the page"}
    with store.write() as connection:
        for run in _runs(connection, fields):
            if run["status"] == RUNNING:
                set_status(connection, run, "CANCELLED", "api", reason, None, now)
    return {"success": True}


EDITS: dict[str, Callable[[Store, Fields], Answer]] = {"edit": edit, "delete": delete, "restore": restore, "stop": stop}


def _runs(connection: sqlite3.Connection, fields: Fields) -> list[sqlite3.Row]:
    found = []
    for number in _numbers(fields):
        row = connection.execute("SELECT * FROM project_run WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise RequestError(404, f"Run not found: {number}")
        found.append(row)
    return found


def _numbers(fields: Fields) -> list[int]:
    numbers = fields.get("runs")
    if not isinstance(numbers, list) or not 0 < len(numbers) <= EDITED:
        raise ValidationError(f"runs must be a list of 1 to {EDITED} numbers of runs")
    return [Fields({"runs": number}).identifier("runs") for number in dict.fromkeys(map(_hashable, numbers))]


def _hashable(number: Any) -> Any:
    return number if isinstance(number, int | float) else repr(number)


def _tags(tags: list[str], fields: Fields) -> list[str]:
    """Return a run's tags after an edit; the marks of group, job type and sweep stay."""
    added = fields.texts("addTags") + fields.texts("tags")
    for tag in added:
        if not check_text("tags", tag, limits.NAME).strip() or tag.startswith(MARKS):
            raise ValidationError(f"{tag!r:.100} cannot be a tag: it is blank or begins as {', '.join(MARKS)}")
    removed = set(fields.texts("removeTags")).difference(tag for tag in tags if tag.startswith(MARKS))
    if "tags" in fields:
        tags = [tag for tag in tags if tag.startswith(MARKS)]
    return [tag for tag in dict.fromkeys([*tags, *added]) if tag not in removed]


def _set(connection: sqlite3.Connection, run: int, values: Answer) -> None:
    columns = ", ".join(f"{name} = ?" for name in values)
    connection.execute(f"UPDATE run SET {columns} WHERE id = ?", (*values.values(), run))

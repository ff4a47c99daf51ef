"""Named views of a project: the address's query and how the charts are arranged, for everyone who uses this server."""

from __future__ import annotations

from typing import Any

import orjson

from wandb_compat.server import limits
from wandb_compat.server.params import Fields, Query, RequestError, ValidationError, check_text
from wandb_compat.server.storage.database import Store

VIEWS = 200  # of a project
QUERY = 20_000  # characters
LAYOUT = 200_000  # bytes

Answer = dict[str, Any]


def listed(store: Store, query: Query) -> Answer:
    """Return the views of a project by name."""
    with store.read() as connection:
        rows = connection.execute(
            "SELECT name, query, layout, updated FROM saved_view WHERE project = ? ORDER BY name",
            (query.text("project"),),
        )
        return {
            "views": [
                {"name": row[0], "query": row[1], "layout": orjson.loads(row[2]), "updated": row[3]} for row in rows
            ]
        }


def save(store: Store, fields: Fields) -> Answer:
    """Store a view under a name; one of the same name is replaced.

    Args:
        store: the data folder.
        fields: `project`, `name`, `query` without its question mark, and `layout`, an object.

    Raises:
        RequestError: 400 for an invalid value or too many views.
    """
    project, name = fields.text("project", limits.NAME), check_text("name", fields.text("name", limits.NAME)).strip()
    if not name:
        raise ValidationError("A view needs a name")
    query = check_text("query", fields.any_text("query"))
    layout = fields.get("layout")
    content = orjson.dumps(layout if isinstance(layout, dict) else {}).decode()
    if len(query) > QUERY or len(content) > LAYOUT:
        raise RequestError(400, "The view is too large")
    with store.write() as connection:
        (count,) = connection.execute("SELECT count(*) FROM saved_view WHERE project = ?", (project,)).fetchone()
        if count >= VIEWS:
            raise RequestError(400, f"A project has at most {VIEWS} saved views; delete one first")
        connection.execute(
            "INSERT OR REPLACE INTO saved_view (project, name, query, layout, updated) VALUES (?, ?, ?, ?, ?)",
            (project, name, query, content, store.now()),
        )
    return {"name": name}


def delete(store: Store, fields: Fields) -> Answer:
    """Delete a view of a project, if it has one of that name."""
    with store.write() as connection:
        connection.execute(
            "DELETE FROM saved_view WHERE project = ? AND name = ?", (fields.text("project"), fields.text("name"))
        )
    return {}

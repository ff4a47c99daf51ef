"""The project view's data: its runs with what the list and the charts need, and the keys that they can show."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.page import views
from wandb_compat.server.params import Query, RequestError, parse_embedded_json
from wandb_compat.server.query import filters, run_list
from wandb_compat.server.query.artifact_entries import object_of, own_config
from wandb_compat.server.query.run_list import decode_json
from wandb_compat.server.storage.database import Store
from wandb_compat.server.storage.run_edits import MARKS

Answer = dict[str, Any]

NOTES = 300  # characters of a run's notes in the list
# By attribute that is a column here: how the tag begins by which the client sends it.
ATTRIBUTE_TAGS = dict(zip(("group", "jobType", "sweep"), MARKS, strict=True))
IMPORTANT_WORDS = ("val", "valid", "validation", "eval", "test", "dev")  # of metrics that are columns by default


def run_table(store: Store, query: Query) -> Answer:
    """Return a project's runs that match, one page of them, with the requested columns.

    Query:
        project, filter, sort: as in the list of runs.
        search: words that must all occur in name, ids, tags, group, job type, notes, config or the summary's texts.
        columns: JSON list of `config.KEY` and `summary.METRIC`, the last finite value of a metric.
        archived: whether the archived runs are there too.
        limit, offset: which page.

    Raises:
        RequestError: 404 if there is no such project.
    """
    project = query.text("project")
    limit = query.optional_integer("limit", 1, 1000) or 100
    offset = query.optional_integer("offset", 0, limits.OFFSET) or 0
    columns = views.texts(query, "columns")
    accepted = filters.compile_filter(parse_embedded_json(query.optional_text("filter") or "{}"))
    words = (query.optional_text("search") or "").lower().split()
    order = run_list.sorter(query.optional_text("sort") or "-createdAt")
    with store.read() as connection:
        if connection.execute("SELECT 1 FROM project WHERE name = ?", (project,)).fetchone() is None:
            raise RequestError(404, f"This server has no project named {project!r}")
        found: list[run_list.Run] = []
        tags: set[str] = set()
        rows = connection.execute("SELECT * FROM project_run WHERE project_name = ?", (project,)).fetchall()
        archived = sum(row["archived"] for row in rows)
        if not query.optional_text("archived"):
            rows = [row for row in rows if not row["archived"]]
        for row in rows:
            run = run_list.Run(connection, row)
            tags.update(run.tags)
            if _holds(run, words) and accepted(run):
                found.append(run)
        found = replace(order, drop_missing=False).sort(found)
        shown = found[offset : offset + limit]
        return {
            "total": len(found),
            "all": len(rows),
            "archived": archived,
            "tags": sorted(tags),
            "runs": [
                {**views.brief(run.row), **attributes(run), "values": [_cell(run, column) for column in columns]}
                for run in shown
            ],
        }


def columns(store: Store, query: Query) -> Answer:
    """List what the runs of a project can show.

    Returns:
        `config` and `summary`, all keys; `differing`, config keys whose values differ between runs; `important`,
        metrics that are columns by default; `definitions`, what `define_metric` was called with, by name.
    """
    project = query.text("project")
    with store.read() as connection:
        values: dict[str, set[str]] = {}
        counts: dict[str, int] = {}
        definitions: dict[str, Answer] = {}
        rows = connection.execute("SELECT config FROM project_run WHERE project_name = ?", (project,)).fetchall()
        for row in rows:
            config = decode_json(row[0])
            for key, value in filters.flatten(config).items():
                if not key.startswith("wandb."):
                    values.setdefault(key, set()).add(filters.text(value)[:200])
                    counts[key] = counts.get(key, 0) + 1
            definitions |= {one["name"]: one for one in _definitions(config)}
        metrics = connection.execute(
            "SELECT DISTINCT series.name FROM series JOIN project_run AS run ON run.id = series.run"
            " WHERE project_name = ? ORDER BY series.name",
            (project,),
        )
        summary = [row[0] for row in metrics]
        differing = [key for key in sorted(values) if len(values[key]) > 1 or counts[key] < len(rows)]
        return {
            "config": sorted(values),
            "differing": differing,
            "summary": summary,
            "important": _important(summary, definitions),
            "definitions": definitions,
        }


def attributes(run: run_list.Run) -> Answer:
    """Return group, job type, sweep and notes of a run, and the tags that the user gave."""
    own = object_of(run.config_document.get("wandb"))
    found: Answer = {}
    for name, prefix in ATTRIBUTE_TAGS.items():
        tagged = [tag.removeprefix(prefix) for tag in run.tags if tag.startswith(prefix)]
        found[name] = tagged[0] if tagged else None
    for name, key in (("group", "group"), ("jobType", "job_type")):
        if isinstance(own.get(key), str) and own[key]:
            found[name] = own[key]  # a tag is cut to the server's limit
    notes = run.row["notes"] or own.get("notes")
    found["notes"] = notes[:NOTES] if isinstance(notes, str) else ""
    found["tags"] = [tag for tag in run.tags if not tag.startswith(tuple(ATTRIBUTE_TAGS.values()))]
    return found


def _holds(run: run_list.Run, words: list[str]) -> bool:
    """Return whether a run has all of some words, in lower case; the documents are read only if needed."""
    if not words:
        return True
    row = run.row
    text = f"{run.name} {row['display']} {row['external']} {' '.join(run.tags)} {row['notes'] or ''}".lower()
    rest = [word for word in words if word not in text]
    if not rest:
        return True
    own = own_config(run.config_document)
    more = [f"{key} {filters.text(value)}" for key, value in run.config.items() if not key.startswith("wandb.")]
    more += [f"{key} {value}" for key, value in object_of(own.get("summary")).items()]
    more += [str(own.get(key) or "") for key in ("notes", "group", "job_type")]
    text = "\n".join(more).lower()
    return all(word in text for word in rest)


def _definitions(config: Any) -> list[Answer]:
    """Return the valid definitions of `define_metric` in a config."""
    listed = object_of(object_of(config).get("wandb")).get("metrics")
    if isinstance(listed, str):
        try:
            listed = json.loads(listed)
        except ValueError:
            return []
    if not isinstance(listed, list):
        return []
    return [one for one in listed if isinstance(one, dict) and isinstance(one.get("name"), str)]


def _important(metrics: list[str], definitions: dict[str, Answer]) -> list[str]:
    """Return the metrics worth a column: those with a summary rule or of a validation, else the first ones."""
    shown = [name for name in metrics if not name.startswith("sys/")]
    rated = [name for name in shown if definitions.get(name, {}).get("summary")]
    parts = {name: set(name.lower().replace("/", "_").replace(".", "_").split("_")) for name in shown}
    rated += [name for name in shown if name not in rated and parts[name] & set(IMPORTANT_WORDS)]
    return rated + [name for name in shown if name not in rated]


def _cell(run: run_list.Run, column: str) -> Any:
    kind, _, key = column.partition(".")
    if kind == "config":
        return run.config.get(key)
    if kind == "summary":
        return run.summary.get(key)
    raise RequestError(400, f"Unknown column {column!r}; there are config.KEY and summary.METRIC")

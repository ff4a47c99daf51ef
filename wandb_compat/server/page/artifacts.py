"""Artifact views of the page: versions of the artifacts that runs logged or used, and a version's files."""

from __future__ import annotations

import json
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.page import views
from wandb_compat.server.params import Query, RequestError
from wandb_compat.server.query.run_list import decode_json
from wandb_compat.server.storage import blobs
from wandb_compat.server.storage.database import Store
from wandb_compat.wire.artifact_versions import Collection, Entry

Answer = dict[str, Any]


def artifacts(store: Store, query: Query) -> Answer:
    """Return the artifacts that runs logged or used, with all their versions in the project."""
    with store.read() as connection:
        chosen = views.select_runs(connection, query)
        names = {run["id"]: run["name"] for run in chosen}
        wanted: set[str] = set()
        used: list[Answer] = []
        for run in chosen:
            own = _own(decode_json(run["config"]))
            wanted.update(_object(own.get("artifacts")))
            used += [{"run": run["id"], "name": name} for name in _object(own.get("used_artifacts"))]
        entries: dict[str, list[Entry]] = {name: [] for name in wanted}
        rows = connection.execute(
            "SELECT id, name, config FROM run WHERE project = ? AND config LIKE '%\"artifacts\"%'",
            (chosen[0]["project"],),
        )
        for row in rows:
            names[row["id"]] = row["name"]
            for name, published in _object(_own(decode_json(row["config"])).get("artifacts")).items():
                if name in wanted:
                    entries[name] += read_entries(published)
        return {
            "used": used,
            "collections": [
                {
                    "name": name,
                    "versions": [
                        {
                            "number": version.number,
                            "aliases": sorted(version.aliases),
                            "type": version.entry.type,
                            "digest": version.entry.digest,
                            "size": version.entry.size,
                            "time": version.entry.time,
                            "run": version.entry.run,
                            "key": version.entry.key,
                            "manifest": version.entry.manifest,
                            "runName": names.get(version.entry.run),
                        }
                        for version in Collection(name, found).versions.values()
                    ],
                }
                for name, found in sorted(entries.items())
            ],
        }


def contents(store: Store, query: Query, link: views.Link) -> Answer:
    """Return the metadata and files of a version, read from its manifest; download links expire."""
    run, key, name = query.integer("run"), query.text("key"), query.text("manifest")
    try:
        manifest = _object(json.loads(blobs.blob_path(store, run, key, name).read_bytes()))
    except FileNotFoundError:
        raise RequestError(404, "The manifest of this version has not been uploaded yet") from None
    except ValueError:
        raise RequestError(422, "The manifest of this version is not valid JSON") from None
    artifact, entries = _object(manifest.get("artifact")), _object(manifest.get("contents"))
    listed = []
    for path, entry in list(entries.items())[: limits.FILES]:
        one = _object(entry)
        kept = isinstance(one.get("run"), int) and isinstance(one.get("key"), str) and isinstance(one.get("file"), str)
        listed.append(
            {
                "path": path,
                "size": one.get("size"),
                "reference": one.get("ref"),
                "url": link(one["run"], one["key"], one["file"]) if kept else None,
            }
        )
    return {
        "description": artifact.get("description"),
        "metadata": _object(artifact.get("metadata")),
        "total": len(entries),
        "files": listed,
    }


def read_entries(published: Any) -> list[Entry]:
    """Return the valid entries of one name in a config; any client can write there, so others are skipped."""
    known = Entry.__dataclass_fields__  # a later version may add fields
    found = []
    for text in _object(published).values():
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


def _own(config: Any) -> Answer:
    return _object(_object(config).get("wandb"))


def _object(value: Any) -> Answer:
    return value if isinstance(value, dict) else {}

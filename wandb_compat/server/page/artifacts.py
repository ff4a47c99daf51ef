"""Artifact views of the page: versions of the artifacts that runs logged or used, and a version's files."""

from __future__ import annotations

import json
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.page import views
from wandb_compat.server.params import Query, RequestError
from wandb_compat.server.query.artifact_entries import object_of, own_config, read_entries
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
            own = own_config(decode_json(run["config"]))
            wanted.update(object_of(own.get("artifacts")))
            used += [{"run": run["id"], "name": name} for name in object_of(own.get("used_artifacts"))]
        entries: dict[str, list[Entry]] = {name: [] for name in wanted}
        rows = connection.execute(
            "SELECT id, name, config FROM run WHERE project = ? AND config LIKE '%\"artifacts\"%'",
            (chosen[0]["project"],),
        )
        for row in rows:
            names[row["id"]] = row["name"]
            for name, published in object_of(own_config(decode_json(row["config"])).get("artifacts")).items():
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
        manifest = object_of(json.loads(blobs.blob_path(store, run, key, name).read_bytes()))
    except FileNotFoundError:
        raise RequestError(404, "The manifest of this version has not been uploaded yet") from None
    except ValueError:
        raise RequestError(422, "The manifest of this version is not valid JSON") from None
    artifact, entries = object_of(manifest.get("artifact")), object_of(manifest.get("contents"))
    listed = []
    for path, entry in list(entries.items())[: limits.FILES]:
        one = object_of(entry)
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
        "metadata": object_of(artifact.get("metadata")),
        "total": len(entries),
        "files": listed,
    }

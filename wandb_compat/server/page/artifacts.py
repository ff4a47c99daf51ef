"""What the page shows of artifacts: the versions of all that runs logged or used, and what is in one."""

from __future__ import annotations

import json
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.page import views
from wandb_compat.server.params import Query, Refusal
from wandb_compat.server.query.run_list import decoded
from wandb_compat.server.storage import blobs
from wandb_compat.server.storage.database import Store
from wandb_compat.wire.artifact_versions import Collection, Entry

Answer = dict[str, Any]


def artifacts(store: Store, query: Query) -> Answer:
    """Return the artifacts that runs logged or used, with all versions that their project has of them."""
    with store.read() as connection:
        chosen = views.chosen(connection, query)
        names = {run["id"]: run["name"] for run in chosen}
        wanted: set[str] = set()
        used: list[Answer] = []
        for run in chosen:
            own = _own(decoded(run["config"]))
            wanted.update(_object(own.get("artifacts")))
            used += [{"run": run["id"], "name": name} for name in _object(own.get("used_artifacts"))]
        entries: dict[str, list[Entry]] = {name: [] for name in wanted}
        rows = connection.execute(
            "SELECT id, name, config FROM run WHERE project = ? AND config LIKE '%\"artifacts\"%'",
            (chosen[0]["project"],),
        )
        for row in rows:
            names[row["id"]] = row["name"]
            for name, told in _object(_own(decoded(row["config"])).get("artifacts")).items():
                if name in wanted:
                    entries[name] += read_entries(told)
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
    """Return what the manifest of a version tells: metadata, and files with links that expire."""
    run, key, name = query.integer("run"), query.text("key"), query.text("manifest")
    try:
        manifest = _object(json.loads(blobs.stored(store, run, key, name).read_bytes()))
    except FileNotFoundError:
        raise Refusal(404, "The list of this version's files has not come yet") from None
    except ValueError:
        raise Refusal(422, "The list of this version's files cannot be read: it is no JSON") from None
    told, entries = _object(manifest.get("artifact")), _object(manifest.get("contents"))
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
        "description": told.get("description"),
        "metadata": _object(told.get("metadata")),
        "total": len(entries),
        "files": listed,
    }


def read_entries(published: Any) -> list[Entry]:
    """Return the entries of one name in a configuration; what is none is passed over, as anybody can write there."""
    known = Entry.__dataclass_fields__  # a later version may tell more
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

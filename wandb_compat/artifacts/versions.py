"""Artifacts on a Pluto server: where files lie, and how versions follow from what runs have published.

The scheme is described in `docs/artifacts.md`. Shared by the trainer, which reads, and the uploader, which publishes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from wandb_compat.run.identity import RUN_ID
from wandb_compat.wire.artifact_versions import ORDER, Collection, Entry
from wandb_compat.wire.display_ids import is_display_id, is_run_number
from wandb_compat.wire.names import printable

if TYPE_CHECKING:
    from wandb_compat.wire.client import Client

KEY_LIMIT = 240  # characters of a key: the names of a Pluto server have 255
READERS = 8  # requests that are made at once
USED = "used_artifacts"  # in `config["wandb"]`: types of the versions that a run has used, by name
_HEADER = b"wandb-artifact-manifest-v1\n"


def place(prefix: str, path: str) -> tuple[str, str]:
    """Return key and file name for a path below a prefix such as `save`; different paths never get the same.

    The file name is the last part of the key.
    """
    whole = f"{prefix}/{path}"
    key = printable(whole)
    if key != whole or len(key) > KEY_LIMIT:
        mark, suffix = hashlib.sha256(path.encode("utf-8", "replace")).hexdigest()[:12], suffix_of(path)
        key = f"{key.removesuffix(suffix)[: KEY_LIMIT - 30]}~{mark}{suffix}"
    return key, key.rpartition("/")[2]


def suffix_of(path: str) -> str:
    """Return the suffix of a path, with its dot, when it is one that every server keeps, else an empty text."""
    suffix = PurePosixPath(path).suffix
    return suffix if len(suffix) <= 16 and printable(suffix) == suffix else ""


def content_place(name: str, path: str, content: str) -> tuple[str, str]:
    """Return key and file name for a file of artifact `name`; `content` is its digest in hexadecimal."""
    return place(f"artifacts/{name}", path)[0], content + suffix_of(path)


def manifest_place(name: str, manifest: bytes) -> tuple[str, str]:
    """Return key and file name for a manifest of artifact `name`."""
    return f"artifacts/{name}/manifest", f"manifest-{hashlib.sha256(manifest).hexdigest()[:24]}.json"


def manifest_digest(contents: Mapping[str, str], new: Any = None) -> str:
    """Return the digest of an artifact from the digests of its paths, as wandb computes it.

    Args:
        contents: digest by path.
        new: makes the hash object; MD5 by default.
    """
    hashed = new() if new is not None else hashlib.md5(usedforsecurity=False)
    hashed.update(_HEADER)
    for path, digest in sorted(contents.items()):
        hashed.update(f"{path}:{digest}\n".encode("utf-8", "surrogateescape"))
    return str(hashed.hexdigest())


class Shelf:
    """The artifacts of a project on a server."""

    def __init__(self, client: Client, project: str) -> None:
        self.client = client
        self.project = project

    def collection(self, name: str) -> Collection:
        """Return what all runs of the project have published under a name.

        Raises:
            WireError: the server could not be asked.
        """
        runs = self.client.runs(self.project, {f"config.wandb.artifacts.{name}.{ORDER}": {"$gte": 0}})
        return Collection(name, [entry for found in self._all(self._entries, runs, name) for entry in found])

    def _entries(self, run: int, name: str) -> list[Entry]:
        from wandb_compat.wire.errors import Refused

        try:
            details = self.client.details(run, self.project)
        except Refused as error:
            if error.status == 404:  # deleted meanwhile
                return []
            raise
        found = details.get("config")
        for part in ("wandb", "artifacts", name):
            found = found.get(part) if isinstance(found, dict) else None
        return Entry.all_of(found or {})

    def publish(self, run: int, name: str, entry: Entry) -> None:
        """Add an entry to what a run has published; one of the same id is replaced."""
        added = {ORDER: entry.order, entry.id: json.dumps(asdict(entry))}
        self.client.update_config(run, json.dumps({"wandb": {"artifacts": {name: added}}}))

    def manifest(self, entry: Entry) -> dict[str, Any]:
        """Return the manifest that an entry points to.

        Raises:
            FileNotFoundError: it is no longer on the server.
        """
        (url,) = self.urls([(entry.run, entry.key, entry.manifest)])
        document: dict[str, Any] = json.loads(self.client.read(url))
        return document

    def urls(self, files: list[tuple[int, str, str]]) -> list[str]:
        """Return where the bytes of files lie, each given as run, key and file name.

        Raises:
            FileNotFoundError: one is not on the server.
        """
        found: dict[tuple[int, str, str], str] = {}
        folders: dict[tuple[int, str], int] = {}
        for run, key, _ in files:
            folder = run, key.rpartition("/")[0]
            folders[folder] = folders.get(folder, 0) + 1
        # A folder at once where that saves requests; an answer ends after a thousand files, the rest is asked alone.
        crowded = [folder for folder, count in folders.items() if count > 2]
        for answer in self._all(lambda at, _: self._listed(at[0], logGroup=at[1]), crowded, None):
            found.update(answer)
        single = list(dict.fromkeys((run, key) for run, key, name in files if (run, key, name) not in found))
        for answer in self._all(lambda at, _: self._listed(at[0], logName=at[1]), single, None):
            found.update(answer)
        for run, key, name in files:
            if (run, key, name) not in found:
                raise FileNotFoundError(f"The Pluto server has no file {key} ({name}) of run {run}")
        return [found[file] for file in files]

    def run(self, id: str) -> int | None:
        """Return the number of a run by wandb's id, by its number or by its display id; None when there is none."""
        found = self.client.runs(self.project, {f"systemMetadata.{RUN_ID}": id})
        if found:
            return found[0]
        if not (is_run_number(id) or is_display_id(id)):
            return None
        from wandb_compat.wire.errors import Refused

        try:
            return int(self.client.details(int(id) if id.isdigit() else id, self.project)["id"])
        except Refused:
            return None

    def _listed(self, run: int, **query: str) -> dict[tuple[int, str, str], str]:
        listed = self.client.files(run, self.project, **query)
        return {(run, file["logName"], file["fileName"]): file["url"] for file in listed}

    def _all(self, ask: Any, things: list[Any], extra: Any) -> list[Any]:
        if len(things) < 2:
            return [ask(thing, extra) for thing in things]
        from concurrent.futures import ThreadPoolExecutor

        # A session of requests may be used by several threads for plain reads.
        with ThreadPoolExecutor(min(READERS, len(things)), thread_name_prefix="wandb-compat-shelf") as readers:
            return list(readers.map(lambda thing: ask(thing, extra), things))


def outcome_path(home: Path, record: str) -> Path:
    """Return where in a run folder the uploader tells what has become of an artifact record."""
    return home / "journal" / "outcomes" / f"{record}.json"

"""Hands the artifacts of a run to the courier."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

from wandb.sdk.artifacts import digests, naming
from wandb.sdk.artifacts.artifact import Artifact
from wandb.sdk.artifacts.store import Awaited
from wandb_compat import records, staging
from wandb_compat.artifacts import content_place


class LoggedArtifacts:
    """What one run has logged, so that nothing is sent twice."""

    def __init__(self, home: Path, submit: Callable[[records.Record], None]) -> None:
        self._home = home
        self._submit = submit
        self._sent: set[tuple[str, str]] = set()  # key and file name
        self._latest: dict[str, Artifact] = {}

    def log(
        self,
        artifact: Artifact,
        step: int,
        aliases: list[str],
        tags: list[str] | None,
        *,
        part: str | None = None,
        final: bool = True,
        awaitable: bool = True,
    ) -> None:
        """Hand an artifact over; it stays a draft until `artifact.wait()` or a look-up finds it on the server.

        Args:
            artifact: what to log; it is final from now on.
            step: of the run.
            aliases, tags: of the version.
            part: the id of the distributed artifact that this is a part of.
            final: whether that is complete now.
            awaitable: whether there is a courier to wait for.

        Raises:
            OSError: a file that was added as immutable is gone.
        """
        name = artifact.name.partition(":")[0]
        artifact.metadata = dict(artifact.metadata)  # the user may have put anything in
        artifact.finalize()
        known = artifact._version
        record = records.Artifact(
            id=uuid4().hex,
            time=int(time() * 1000),
            step=step,
            name=name,
            type=artifact.type,
            digest=artifact.digest,
            manifest={} if known is not None else self._manifest(artifact),
            files=[] if known is not None else self._files(name, artifact),
            aliases=aliases,
            tags=tags,
            source=None if known is None else _source(artifact),
            base=artifact._base,
            part=part,
            final=final,
        )
        self._submit(record)
        if known is None:
            artifact._record = record.id
        if known is None and awaitable:
            artifact._awaited = Awaited(self._home, record.id)
        artifact._tags = tags or artifact._tags
        self._latest[name] = artifact

    def link(self, artifact: Artifact, name: str, aliases: list[str], awaitable: bool) -> Artifact:
        """Hand over another name for an artifact that is logged; return the artifact under that name."""
        if artifact.is_draft() and artifact._awaited is not None and artifact._awaited.home != self._home:
            artifact.wait()  # another run has it
        source = _source(artifact) if artifact._version is not None else {"id": artifact._record}
        link = Artifact.__new__(Artifact)
        Artifact.__init__(link, name, "unspecified")
        link._type, link._manifest, link._final = artifact.type, artifact._manifest, True
        link._description, link._metadata = artifact.description, artifact.metadata
        record = records.Artifact(
            id=uuid4().hex,
            time=int(time() * 1000),
            step=0,
            name=name,
            type=artifact.type,
            digest=artifact.digest,
            manifest={},
            files=[],
            aliases=aliases,
            source=source,
        )
        self._submit(record)
        if awaitable:
            link._awaited = Awaited(self._home, record.id)
        self._latest[name] = link
        return link

    def pending(self, name: str) -> Artifact | None:
        """Return the last artifact of a name that this run has logged, as long as it is not known to have arrived."""
        found = self._latest.get(name)
        return found if found is not None and found.is_draft() and found._awaited is not None else None

    def _manifest(self, artifact: Artifact) -> dict[str, Any]:
        for path, entry in artifact.manifest.entries.items():
            if entry.local_path is not None:
                key, file = content_place(artifact.name, path, digests.to_hex(entry.digest))
                entry._place = {"key": key, "file": file}
        about = {"name": artifact.name, "type": artifact.type, "digest_algorithm": artifact.digest_algorithm}
        return {**artifact.manifest.to_manifest_json(), "artifact": {**about, **artifact._about()}}

    def _files(self, name: str, artifact: Artifact) -> list[dict[str, Any]]:
        files = []
        for path, entry in artifact.manifest.entries.items():
            at = entry._place.get("key", ""), entry._place.get("file", "")
            if entry.local_path is None or at in self._sent:
                continue
            # The copy is the artifact's own, or its owner has promised to leave it alone: a link will do.
            staged = staging.take(self._home, Path(entry.local_path), link_from=0)
            key, file = at
            files.append({"key": key, "name": file, "path": staged, "caption": path})
            self._submit(records.Key(key, "ARTIFACT"))
            self._sent.add(at)
        return files


def _source(artifact: Artifact) -> dict[str, Any]:
    """Return where the manifest of an artifact lies that is on the server."""
    entry = artifact._known.entry
    return {
        "run": entry.run,
        "key": entry.key,
        "manifest": entry.manifest,
        "digest": entry.digest,
        "size": entry.size,
        "source": artifact.source_name,
    }


def from_path(path: str | os.PathLike[str], name: str | None, type: str | None, run_id: str) -> Artifact:
    """Return an artifact with a file, the files of a folder, or a reference.

    Raises:
        ValueError: there is nothing at the path.
    """
    text = os.fspath(path)
    artifact = Artifact(name or f"run-{run_id}-{os.path.basename(text)}", type or "unspecified")  # noqa: PTH119
    if Path(text).is_file():
        artifact.add_file(text)
    elif Path(text).is_dir():
        artifact.add_dir(text)
    elif "://" in text:
        artifact.add_reference(text)
    else:
        raise ValueError("path must be a file, directory or externalreference like s3://bucket/path")
    return artifact


def collection_of(target: str) -> tuple[str, str]:
    """Return project and name of a link's target.

    Raises:
        ValueError: the name cannot be one of a collection.
    """
    path = target.partition(":")[0].split("/")
    if len(path) > 3 or not path[-1]:
        raise ValueError(f"Invalid artifact path: {target!r}; write it as entity/project/collection")
    return (path[-2] if len(path) > 1 else ""), naming.check_name(path[-1])

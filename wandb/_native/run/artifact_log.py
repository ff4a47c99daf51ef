"""Submits the artifacts of a run to the uploader."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wandb._native.artifacts import naming
from wandb._native.artifacts.lookup import Awaited
from wandb.sdk.artifacts.artifact import Artifact
from wandb_compat.artifacts import log as artifact_log
from wandb_compat.spool import records


class LoggedArtifacts:
    """The artifacts that one run logged, so that none is sent twice."""

    def __init__(self, home: Path, submit: Callable[[records.Record], None]) -> None:
        self._home = home
        self._records = artifact_log.ArtifactLog(home, submit)
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
            awaitable: whether there is an uploader to wait for.

        Raises:
            OSError: a file that was added as immutable is gone, or cannot be kept.
        """
        name = artifact.name.partition(":")[0]
        artifact.metadata = dict(artifact.metadata)  # the user may have put anything in
        artifact.finalize()
        known = artifact._version
        record = self._records.log(
            artifact,
            artifact._about(),
            step,
            aliases,
            tags,
            algorithm=artifact.digest_algorithm,
            source=None if known is None else _source(artifact),
            base=artifact._base,
            part=part,
            final=final,
        )
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
        record = self._records.link(artifact, name, aliases, source)
        if awaitable:
            link._awaited = Awaited(self._home, record.id)
        self._latest[name] = link
        return link

    def pending(self, name: str) -> Artifact | None:
        """Return the last artifact of a name that this run has logged, as long as it is not known to have arrived."""
        found = self._latest.get(name)
        return found if found is not None and found.is_draft() and found._awaited is not None else None


def _source(artifact: Artifact) -> dict[str, Any]:
    """Return where the manifest of a logged artifact is on the server."""
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
        ValueError: nothing exists at the path.
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
    project, name = artifact_log.collection_of(target)
    return project, naming.check_name(name)

"""Looks up and publishes the versions of artifacts on the server."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from wandb.errors import CommError
from wandb.sdk.artifacts.artifact import Artifact
from wandb_compat.artifacts.store import ArtifactStore
from wandb_compat.wire.artifact_versions import Collection as Versions
from wandb_compat.wire.names import project_name

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader
    from wandb._native.api.run import Run


def artifact_store(reader: Reader, project: str) -> ArtifactStore:
    """Return the artifacts of a project."""
    stored = reader.stored_project(project)
    return ArtifactStore(reader.wire, project if project_name(project) == stored else stored)


def collection_of(reader: Reader, project: str, name: str) -> Versions:
    """Return all versions of a name.

    Raises:
        wandb.CommError: nothing is logged under it.
    """
    found = artifact_store(reader, project).collection(name)
    if not found.versions:
        raise CommError(f"artifact collection {name!r} not found in project {project!r}")
    return found


def type_of(versions: Versions) -> str:
    """Return the type that all versions of a name have."""
    return next(iter(versions.versions.values())).entry.type


def artifact(reader: Reader, entity: str, project: str, name: str) -> Artifact:
    """Return the version of `name:alias`; without an alias the latest.

    Raises:
        wandb.CommError: not found.
    """
    name, _, alias = name.partition(":")
    store = artifact_store(reader, project)
    versions = store.collection(name)
    found = versions.find(alias or "latest")
    if found is None:
        raise CommError(f"artifact '{name}:{alias or 'latest'}' not found in '{entity}/{project}'")
    return Artifact._of(entity, store, versions, found)


def check_logged(given: Any, call: str) -> None:
    """Require an artifact that is on the server.

    Raises:
        ValueError: it is not a logged artifact.
    """
    if not isinstance(given, Artifact):
        raise ValueError(f"You must pass a wandb.Api().artifact() to {call}")
    if given.is_draft():
        raise ValueError(f"{call} takes artifacts that are logged; log this one with run.log_artifact in a run")


def log_again(run: Run, given: Artifact, aliases: Collection[str] | None, tags: Collection[str] | None) -> Artifact:
    """Publish a version that is on the server once more, from another run.

    Raises:
        TypeError: it is not an artifact.
        ValueError: it is not logged yet, or of another project.
    """
    if not isinstance(given, Artifact):
        raise TypeError("You must pass a wandb.Api().artifact() to log_artifact")
    check_logged(given, "log_artifact")
    if given.source_project != run.project:
        raise ValueError("A run can't log an artifact to a different project.")
    name = given.source_name.partition(":")[0]
    store = artifact_store(run._reader, run.project)
    versions = store.collection(name)
    version = versions.versions[given.digest]
    entry = replace(
        version.entry,
        id=uuid4().hex,
        order=versions.order,
        time=int(time() * 1000),
        version=version.number,
        aliases=list(aliases or ()),
        dropped=[],
        tags=None if tags is None else list(tags),
        changes={},
    )
    store.publish(run.number, name, entry)
    return artifact(run._reader, run.entity, run.project, f"{name}:v{version.number}")

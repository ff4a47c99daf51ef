"""Reads and changes what the server has about a logged artifact: its runs, links and aliases."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from wandb.errors import CommError
from wandb.errors.term import termwarn
from wandb.sdk.artifacts.artifact_state import ArtifactState
from wandb_compat.artifacts.log import USED_ARTIFACTS
from wandb_compat.wire.packed_config import filter_by_entry

if TYPE_CHECKING:
    from wandb.apis.public.artifacts import ArtifactCollection
    from wandb.apis.public.runs import Run
    from wandb.sdk.artifacts.artifact import Artifact


def url(artifact: Artifact) -> str:
    """The page of the run that made the version: Pluto has no pages for artifacts."""
    details = artifact._server.client.details(artifact._known.entry.run, artifact._server.project)
    return str(details.get("url") or "")


def collection(artifact: Artifact, name: str) -> ArtifactCollection:
    from wandb.apis.public import Api, ArtifactCollection

    return ArtifactCollection(Api()._reader, artifact.entity, artifact.project, name.partition(":")[0], artifact.type)


def linked_artifacts(artifact: Artifact) -> list[Artifact]:
    """The links to this version, none of a link; finding them reads the details of all runs of the project."""
    from wandb.apis.public import Api, ProjectArtifactCollections

    if artifact._is_link:
        return []
    return [
        link
        for collection in ProjectArtifactCollections(Api()._reader, artifact.entity, artifact.project)
        for link in collection.artifacts()
        if link.is_link and link.source_name == artifact.name
    ]


def logged_by(artifact: Artifact) -> Run | None:
    """Return the run that made the version, or None when it is deleted."""
    return _run(artifact, artifact._known.entry.run)


def used_by(artifact: Artifact) -> list[Run]:
    """Return the runs that used the version or a link to it."""
    from wandb_compat.wire.errors import WireError

    names = {artifact.source_name: None, **{link.name: None for link in artifact.source_artifact.linked_artifacts}}
    try:
        used = [
            artifact._server.client.runs(artifact.project, filter_by_entry(USED_ARTIFACTS, name, {"": artifact.type}))
            for name in names
        ]
    except WireError as error:
        raise CommError(f"the runs that use {artifact.name} cannot be found: {error}", error) from error
    found = [_run(artifact, number) for number in dict.fromkeys(number for numbers in used for number in numbers)]
    return [run for run in found if run is not None]


def _run(artifact: Artifact, number: int) -> Run | None:
    from wandb._native.api.run_fields import run_id
    from wandb.apis.public import Api
    from wandb_compat.wire.errors import Refused, WireError

    try:
        details = artifact._server.client.details(number, artifact.project)
    except Refused as error:
        if error.status == 404:
            return None
        raise CommError(f"run {number} of {artifact.name} cannot be read: {error}", error) from error
    except WireError as error:
        raise CommError(f"run {number} of {artifact.name} cannot be read: {error}", error) from error
    return Api().run(f"{artifact.project}/{run_id(details)}")


def delete(artifact: Artifact, delete_aliases: bool = False) -> None:
    """Delete the version: it is found no more, and its number is not given again. A link is only unlinked."""
    if artifact._is_link:
        termwarn("Deleting a link: the version that it leads to stays")
    elif artifact._aliases and not delete_aliases:
        raise CommError(
            f"artifact {artifact.name} has the aliases {', '.join(artifact._aliases)}; "
            "delete(delete_aliases=True) deletes it all the same"
        )
    publish(artifact, gone=True)
    artifact._state = ArtifactState.DELETED


def unlink(artifact: Artifact) -> None:
    """Take a link away; the version that it leads to stays."""
    if not artifact._is_link:
        raise ValueError(
            f"Artifact {artifact.qualified_name!r} is not a linked artifact and cannot be unlinked.  "
            "To delete it, use 'delete' instead."
        )
    publish(artifact, gone=True)
    artifact._state = ArtifactState.DELETED


def publish(artifact: Artifact, **changes: Any) -> None:
    """Add an entry about the version, with the aliases and tags that it has here."""
    from wandb_compat.wire.errors import WireError

    version, name = artifact._known, artifact._name.partition(":")[0]
    try:
        collection = artifact._server.collection(name)
        now = collection.find(f"v{version.number}")
        known = now.aliases if now is not None else []
        entry = replace(
            version.entry,
            id=uuid4().hex,
            order=collection.order,
            time=int(time() * 1000),
            version=version.number,
            aliases=[alias for alias in artifact._aliases if alias not in known],
            dropped=[alias for alias in known if alias not in artifact._aliases],
            tags=artifact._tags,
            **changes,
        )
        artifact._server.publish(version.entry.run, name, entry)
    except WireError as error:
        raise CommError(f"changes of artifact {artifact.name} did not reach the server: {error}", error) from error

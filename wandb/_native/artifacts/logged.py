"""The part of an artifact that tells what a logged one is on the server: version, aliases, where it comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from time import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from wandb._native.artifacts import naming
from wandb._native.artifacts.base import About, logged
from wandb.errors import CommError
from wandb.errors.term import termwarn
from wandb.sdk.artifacts.artifact_state import ArtifactState
from wandb.sdk.artifacts.exceptions import ArtifactNotLoggedError
from wandb_compat.artifacts.versions import USED

if TYPE_CHECKING:
    from wandb.apis.public import ArtifactCollection, Run
    from wandb.sdk.artifacts.artifact import Artifact
    from wandb_compat.artifacts.versions import Shelf
    from wandb_compat.wire.artifact_versions import Collection, Version


class Published(About):
    """The methods; `Artifact` is the only class that has them."""

    @property
    @logged
    def version(self) -> str:
        """The version, as `v3`."""
        return f"v{self._known.number}"

    @property
    @logged
    def aliases(self) -> list[str]:
        """Names of the version such as `latest`; can be set and changed, which takes effect with `save`."""
        return self._aliases

    @aliases.setter
    def aliases(self, aliases: list[str]) -> None:
        if self.is_draft():
            raise ArtifactNotLoggedError("Artifact.aliases", self)
        self._aliases = naming.check_aliases(aliases)

    @property
    @logged
    def tags(self) -> list[str]:
        """Tags of the version; can be set and changed, which takes effect with `save`."""
        return self._tags

    @tags.setter
    def tags(self, tags: list[str]) -> None:
        if self.is_draft():
            raise ArtifactNotLoggedError("Artifact.tags", self)
        self._tags = naming.check_tags(tags)

    @property
    @logged
    def entity(self) -> str:
        """The wandb entity that was named when logging or looking up; Pluto's organisation follows from the key."""
        return self._entity or ""

    @property
    @logged
    def project(self) -> str:
        """The project."""
        return self._project or ""

    @property
    def qualified_name(self) -> str:
        """`entity/project/name:version`."""
        return f"{self.entity}/{self.project}/{self.name}"

    @property
    @logged
    def source_entity(self) -> str:
        """The entity of the version that this is a link to, or its own."""
        return self.entity

    @property
    @logged
    def source_project(self) -> str:
        """The project of the version that this is a link to, or its own."""
        return self.project

    @property
    def source_name(self) -> str:
        """The name with version that this is a link to, or its own."""
        return (self._version.entry.source or self._name) if self._version is not None else self._name

    @property
    @logged
    def source_qualified_name(self) -> str:
        """`entity/project/name:version` of the version that this is a link to, or its own."""
        return f"{self.entity}/{self.project}/{self.source_name}"

    @property
    @logged
    def source_version(self) -> str:
        """The version that this is a link to, or its own."""
        return self.source_name.rpartition(":")[2]

    @property
    @logged
    def source_artifact(self) -> Artifact:
        """The version that this is a link to, or itself."""
        return self._named(self.source_name) if self._is_link else self

    @property
    @logged
    def file_count(self) -> int:
        """How many files and references the artifact has."""
        return len(self.manifest)

    @property
    @logged
    def created_at(self) -> str:
        """When the version was made, in UTC."""
        return _moment(self._known.entry.time)

    @property
    @logged
    def updated_at(self) -> str:
        """When the version was made or changed last, in UTC."""
        return _moment(self._known.updated)

    @property
    @logged
    def url(self) -> str:
        """The page of the run that made the version: Pluto has no pages for artifacts."""
        details = self._server.client.details(self._known.entry.run, self._server.project)
        return str(details.get("url") or "")

    @property
    @logged
    def commit_hash(self) -> str:
        """The digest."""
        return self.digest

    @property
    @logged
    def history_step(self) -> int | None:
        """The last step before the version was logged, or None when that is not known."""
        self.manifest  # noqa: B018 # reads it
        return None if self._step is None else max(0, self._step - 1)

    @property
    @logged
    def linked_at(self) -> str | None:
        """When it was linked, in UTC, or None when it is no link."""
        return self.created_at if self._is_link else None

    @property
    @logged
    def collection(self) -> ArtifactCollection:
        """The name that this version shares with others, of a link that of the link."""
        return self._collection(self.name)

    @property
    @logged
    def source_collection(self) -> ArtifactCollection:
        """The name under which the version was logged."""
        return self._collection(self.source_name)

    def _collection(self, name: str) -> ArtifactCollection:
        from wandb.apis.public import Api, ArtifactCollection

        return ArtifactCollection(Api()._reader, self.entity, self.project, name.partition(":")[0], self.type)

    @property
    @logged
    def linked_artifacts(self) -> list[Artifact]:
        """The links to this version, none of a link; finding them reads the details of all runs of the project."""
        from wandb.apis.public import Api, ProjectArtifactCollections

        if self._is_link:
            return []
        return [
            link
            for collection in ProjectArtifactCollections(Api()._reader, self.entity, self.project)
            for link in collection.artifacts()
            if link.is_link and link.source_name == self.name
        ]

    @logged
    def logged_by(self) -> Run | None:
        """Return the run that made the version, or None when it is deleted.

        Raises:
            wandb.CommError: the server cannot be asked.
        """
        return self._run(self._known.entry.run)

    @logged
    def used_by(self) -> list[Run]:
        """Return the runs that have taken the version or a link to it with `use_artifact`; slow, see
        `linked_artifacts`.

        Raises:
            wandb.CommError: the server cannot be asked.
        """
        from wandb_compat.wire.errors import WireError

        names = {self.source_name: None, **{link.name: None for link in self.source_artifact.linked_artifacts}}
        try:
            used = [
                self._server.client.runs(self.project, {f"config.wandb.{USED}.{name}": self.type}) for name in names
            ]
        except WireError as error:
            raise CommError(f"the runs that use {self.name} cannot be found: {error}", error) from error
        found = [self._run(number) for number in dict.fromkeys(number for numbers in used for number in numbers)]
        return [run for run in found if run is not None]

    def _run(self, number: int) -> Run | None:
        from wandb._native.api.run_fields import run_id
        from wandb.apis.public import Api
        from wandb_compat.wire.errors import Refused, WireError

        try:
            details = self._server.client.details(number, self.project)
        except Refused as error:
            if error.status == 404:
                return None
            raise CommError(f"run {number} of {self.name} cannot be read: {error}", error) from error
        except WireError as error:
            raise CommError(f"run {number} of {self.name} cannot be read: {error}", error) from error
        return Api().run(f"{self.project}/{run_id(details)}")

    @logged
    def delete(self, delete_aliases: bool = False) -> None:
        """Delete the version: it is found no more, and its number is not given again. A link is only unlinked.

        A Pluto server deletes files only with the run that they belong to: until then the bytes stay there.

        Args:
            delete_aliases: delete it though it has aliases, `latest` too.

        Raises:
            wandb.CommError: it has aliases and `delete_aliases` is false, or the server cannot be reached.
        """
        if self._is_link:
            termwarn("Deleting a link: the version that it leads to stays")
        elif self._aliases and not delete_aliases:
            raise CommError(
                f"artifact {self.name} has the aliases {', '.join(self._aliases)}; "
                "delete(delete_aliases=True) deletes it all the same"
            )
        self._publish(gone=True)
        self._state = ArtifactState.DELETED

    @logged
    def unlink(self) -> None:
        """Take a link away; the version that it leads to stays.

        Raises:
            ValueError: it is no link.
            wandb.CommError: the server cannot be reached.
        """
        if not self._is_link:
            raise ValueError(
                f"Artifact {self.qualified_name!r} is not a linked artifact and cannot be unlinked.  "
                "To delete it, use 'delete' instead."
            )
        self._publish(gone=True)
        self._state = ArtifactState.DELETED

    def json_encode(self) -> dict[str, Any]:
        """Return what stands for the artifact in a configuration."""
        return {"_type": "artifactVersion", "_version": "v0", "id": self.id, "version": self.source_version,
                "sequenceName": self.source_name.partition(":")[0], "usedAs": None}  # fmt: skip

    @classmethod
    def _of(cls, entity: str, shelf: Shelf, collection: Collection, version: Version) -> Artifact:
        """Return the artifact that stands for a version on the server."""
        artifact = cls.__new__(cls)
        artifact.__init__("unnamed", "unspecified")  # type: ignore[misc]
        artifact._name, artifact._type, artifact._entity = collection.name, version.entry.type, entity
        artifact._settle(shelf, version)
        artifact._load()
        return artifact

    def _named(self, text: str) -> Artifact:
        from wandb._native.artifacts import lookup
        from wandb.sdk.artifacts.artifact import Artifact

        wanted = lookup.Name.parse(text, self._entity or "", self._project or "")
        return Artifact._of(wanted.entity, *lookup.find(wanted))

    def _save_changes(self) -> None:
        self._publish(changes=self._about())

    def _publish(self, **changes: Any) -> None:
        """Add an entry about the version, with the aliases and tags that it has here."""
        from wandb_compat.wire.errors import WireError

        version, name = self._known, self._name.partition(":")[0]
        try:
            collection = self._server.collection(name)
            now = collection.find(f"v{version.number}")
            known = now.aliases if now is not None else []
            entry = replace(
                version.entry,
                id=uuid4().hex,
                order=collection.order,
                time=int(time() * 1000),
                version=version.number,
                aliases=[alias for alias in self._aliases if alias not in known],
                dropped=[alias for alias in known if alias not in self._aliases],
                tags=self._tags,
                **changes,
            )
            self._server.publish(version.entry.run, name, entry)
        except WireError as error:
            raise CommError(f"changes of artifact {self.name} did not reach the server: {error}", error) from error


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).isoformat().replace("+00:00", "Z")

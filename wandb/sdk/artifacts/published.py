"""The part of an artifact that tells what a logged one is on the server: version, aliases, where it comes from."""

from __future__ import annotations

from datetime import datetime, timezone
from time import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from wandb import _absent
from wandb.errors import CommError
from wandb.sdk.artifacts import naming
from wandb.sdk.artifacts.about import About, logged
from wandb.sdk.artifacts.exceptions import ArtifactNotLoggedError

if TYPE_CHECKING:
    from wandb.sdk.artifacts.artifact import Artifact
    from wandb_compat.artifacts import Collection, Shelf, Version


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
        return datetime.fromtimestamp(self._known.entry.time / 1000, timezone.utc).isoformat().replace("+00:00", "Z")

    @property
    @logged
    def updated_at(self) -> str:
        """When the version was made: later changes are not dated."""
        return self.created_at

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
        """None: the step of logging is not kept."""
        return None

    @property
    @logged
    def linked_at(self) -> str | None:
        """When it was linked, in UTC, or None when it is no link."""
        return self.created_at if self._is_link else None

    @property
    def collection(self) -> Any:
        """Not available yet."""
        _absent.refuse("wandb.Artifact.collection")

    source_collection = collection

    @property
    def linked_artifacts(self) -> list[Artifact]:
        """Not available: a Pluto server cannot be asked which links lead to a version."""
        _absent.refuse("wandb.Artifact.linked_artifacts")

    @logged
    def logged_by(self) -> Any:
        """Not available yet."""
        _absent.refuse("wandb.Artifact.logged_by()")

    @logged
    def used_by(self) -> list[Any]:
        """Not available yet."""
        _absent.refuse("wandb.Artifact.used_by()")

    @logged
    def delete(self, delete_aliases: bool = False) -> None:
        """Not available: files of a run can only be deleted on the Pluto server, with the run."""
        _absent.refuse("wandb.Artifact.delete()")

    @logged
    def unlink(self) -> None:
        """Not available: see `delete`."""
        _absent.refuse("wandb.Artifact.unlink()")

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
        from wandb.sdk.artifacts import store
        from wandb.sdk.artifacts.artifact import Artifact

        wanted = store.Name.parse(text, self._entity or "", self._project or "")
        return Artifact._of(wanted.entity, *store.find(wanted))

    def _save_changes(self) -> None:
        from wandb_compat.artifacts import Entry
        from wandb_compat.wire.client import WireError

        version, name = self._known, self._name.partition(":")[0]
        try:
            collection = self._server.collection(name)
            now = collection.find(f"v{version.number}")
            known = now.aliases if now is not None else []
            entry = Entry(
                **{**{field: getattr(version.entry, field) for field in Entry.__dataclass_fields__},
                   "id": uuid4().hex, "order": collection.order, "time": int(time() * 1000), "version": version.number,
                   "aliases": [alias for alias in self._aliases if alias not in known],
                   "dropped": [alias for alias in known if alias not in self._aliases],
                   "tags": self._tags,
                   "changes": self._about()}
            )  # fmt: skip
            self._server.publish(version.entry.run, name, entry)
        except WireError as error:
            raise CommError(f"changes of artifact {self.name} did not reach the server: {error}", error) from error

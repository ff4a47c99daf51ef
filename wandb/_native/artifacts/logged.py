"""Properties of a logged artifact: version, aliases, names and times."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from wandb._native.artifacts import naming
from wandb._native.artifacts.base import ArtifactBase, logged
from wandb.sdk.artifacts.exceptions import ArtifactNotLoggedError

if TYPE_CHECKING:
    pass


class LoggedProperties(ArtifactBase):
    """Version, aliases, names and times of a logged artifact."""

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
        """The wandb entity that was named when logging or looking up, else Pluto's organisation."""
        return self._entity or (self._run.entity if self._run is not None else "")

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
        """When it was linked, in UTC, or None when it is not a link."""
        return self.created_at if self._is_link else None

    def json_encode(self) -> dict[str, Any]:
        """Return the JSON form of the artifact in a config."""
        return {"_type": "artifactVersion", "_version": "v0", "id": self.id, "version": self.source_version,
                "sequenceName": self.source_name.partition(":")[0], "usedAs": None}  # fmt: skip


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).isoformat().replace("+00:00", "Z")

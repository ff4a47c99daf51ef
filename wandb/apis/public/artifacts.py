"""The artifacts of projects and runs; what they are follows from what runs have published, see `docs/artifacts.md`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from wandb._native.api import run_fields
from wandb._native.api.artifact_versions import artifact, artifact_store, collection_of, type_of
from wandb._native.api.unsupported_methods import refuse
from wandb._native.artifacts.files_page import ArtifactFiles as ArtifactFiles
from wandb.apis.normalize import normalize_exceptions
from wandb.apis.paginator import WholeList
from wandb.errors import CommError
from wandb_compat.wire.artifact_versions import ORDER, Entry
from wandb_compat.wire.artifact_versions import Collection as Versions

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader
    from wandb.apis.public.runs import Run
    from wandb.sdk.artifacts.artifact import Artifact


class _List(WholeList[Any]):
    """A list of artifacts or of names of them."""

    def __init__(self, read: Callable[[], list[Any]], per_page: int) -> None:
        super().__init__(per_page)
        self._read_all = read

    @normalize_exceptions
    def _all(self) -> list[Any]:
        return self._read_all()


class Artifacts(_List):
    """The versions of one name, the newest first; see `Api.artifacts`."""

    def __init__(
        self,
        service_api: Reader,
        entity: str,
        project: str,
        collection_name: str,
        type: str,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int = 50,
        tags: str | list[str] | None = None,
        start: str | None = None,
    ) -> None:
        super().__init__(self._versions, per_page)
        self._reader = service_api
        self.entity, self.project, self.collection_name, self.type = entity, project, collection_name, type
        self._order = order
        self._tags = {tags} if isinstance(tags, str) else set(tags or ())

    def _versions(self) -> list[Artifact]:
        from wandb.sdk.artifacts.artifact import Artifact

        store = artifact_store(self._reader, self.project)
        versions = store.collection(self.collection_name)
        found = [one for one in versions.versions.values() if one.entry.type == self.type]
        found = [one for one in found if self._tags <= set(one.tags)]
        if not (self._order or "").startswith("+"):
            found.reverse()
        return [Artifact._of(self.entity, store, versions, one) for one in found]


class RunArtifacts(_List):
    """The versions that a run has logged or used."""

    def __init__(
        self,
        service_api: Reader,
        run: Run,
        mode: Literal["logged", "used"] = "logged",
        per_page: int = 50,
        start: str | None = None,
    ) -> None:
        super().__init__(self._logged if mode == "logged" else self._used, per_page)
        self._reader = service_api
        self.run = run

    def _about(self, what: str) -> dict[str, Any]:
        details = self._reader.get_run(self.run.project, self.run.number)  # a run that goes on may have more by now
        return run_fields.about_of(details.get("config") or {}).get(what) or {}

    def _logged(self) -> list[Artifact]:
        from wandb.sdk.artifacts.artifact import Artifact

        store = artifact_store(self._reader, self.run.project)
        found = []
        for name, entries in self._about("artifacts").items():
            own = {json.loads(text)["digest"] for key, text in entries.items() if key != ORDER}
            versions = store.collection(name)
            for digest, version in versions.versions.items():
                if digest in own:
                    found.append((version.entry.time, Artifact._of(self.run.entity, store, versions, version)))
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    def _used(self) -> list[Artifact]:
        return [
            artifact(self._reader, self.run.entity, self.run.project, name) for name in self._about("used_artifacts")
        ]


class ArtifactCollection:
    """The name that versions share. `description`, `tags` and `type` can be set, which takes effect with `save`."""

    def __init__(
        self,
        service_api: Reader,
        entity: str,
        project: str,
        name: str,
        type: str,
        organization: str | None = None,
        attrs: Any = None,
    ) -> None:
        self._reader = service_api
        self.entity, self.project, self.name, self.type = entity, project, name, type
        self._saved_name = name  # what the server has
        self._changes: dict[str, Any] = {"type": type}
        self._description: str | None = None
        self._tags: list[str] | None = None

    @property
    def id(self) -> str:
        """Project and name."""
        return f"{self.project}/{self._saved_name}"

    project_id = project_internal_id = id

    @normalize_exceptions
    def _collection(self) -> Versions:
        return collection_of(self._reader, self.project, self._saved_name)

    def _load_changes(self) -> None:
        if self._tags is None:
            known = {"description": None, "tags": [], **self._collection().changes}
            self._changes = {**known, "type": self._changes["type"]}
            self._description, self._tags = self._changes["description"], list(self._changes["tags"])

    @property
    def aliases(self) -> list[str]:
        """The aliases of all versions."""
        return [alias for version in self._collection().versions.values() for alias in version.aliases]

    @property
    def tags(self) -> list[str]:
        """Tags of the name; its versions have their own."""
        self._load_changes()
        return self._tags  # type: ignore[return-value]

    @tags.setter
    def tags(self, tags: list[str]) -> None:
        from wandb._native.artifacts import naming

        self._load_changes()
        self._tags = naming.check_tags(tags)

    @property
    def description(self) -> str | None:
        """Description of the name; its versions have separate descriptions."""
        self._load_changes()
        return self._description

    @description.setter
    def description(self, description: str | None) -> None:
        self._load_changes()
        self._description = description

    @property
    @normalize_exceptions
    def created_at(self) -> str:
        """When the first version was logged, in UTC."""
        return str(self.artifacts()[-1].created_at)

    @property
    @normalize_exceptions
    def updated_at(self) -> str:
        """When the last version was logged, in UTC."""
        return str(self.artifacts()[0].created_at)

    def artifacts(self, per_page: int = 50, start: str | None = None) -> Artifacts:
        """Return the versions, the newest first."""
        kind = self._changes["type"]
        return Artifacts(self._reader, self.entity, self.project, self._saved_name, kind, per_page=per_page)

    versions = artifacts

    def load(self, entity: str, project: str, type_: str, name: str) -> Any:
        """Return the versions as they are on the server now."""
        return collection_of(self._reader, project, name)

    def change_type(self, new_type: str) -> None:
        """Set the type and `save`.

        In Pluto: as `save`.

        Raises:
            ValueError: it is not a name for a type.
            wandb.CommError: the server cannot be reached.
        """
        self.type = new_type
        self.save()

    @normalize_exceptions
    def save(self) -> None:
        """Send what was changed.

        In Pluto: an entry beside those of the versions, see [artifacts](artifacts.md); the name stays as it is.

        Raises:
            ValueError: the type is not a name for one.
            wandb.CommError: the server cannot be reached.
            wandb.UsageError: the name was changed.
        """
        from wandb._native.artifacts import naming

        if self.name != self._saved_name:
            refuse(
                f"ArtifactCollection.save() under another name, {self.name!r}",
                f"the files are stored under {self._saved_name!r}; give the versions a second name with"
                " run.link_artifact",
            )
        self._load_changes()
        now = {"description": self._description, "tags": self._tags, "type": self.type}
        changed = {key: value for key, value in now.items() if value != self._changes[key]}
        if "type" in changed:
            naming.check_type(self.type, self.name)
        if not changed:
            return
        collection = self._collection()
        last = collection.entries[-1]
        entry = replace(
            last,
            id=uuid4().hex,
            order=collection.order,
            time=int(time() * 1000),
            aliases=[],
            dropped=[],
            tags=None,
            part=None,
            gone=False,
            whole=True,
            changes=changed,
        )
        artifact_store(self._reader, self.project).publish(last.run, self.name, entry)
        self._changes |= now

    @normalize_exceptions
    def delete(self) -> None:
        """Delete all versions: they are found no more.

        In Pluto: as `Artifact.delete`; the bytes go with the runs that logged them.

        Raises:
            wandb.CommError: the server cannot be reached.
        """
        for version in self.artifacts():
            version.delete(delete_aliases=True)

    def is_sequence(self) -> bool:
        """Whether runs log into it: True."""
        return True

    def __repr__(self) -> str:
        return f"<ArtifactCollection {self._saved_name} ({self.type})>"


class ProjectArtifactCollections(_List):
    """The names of a project's artifacts; finding them reads the details of all its runs."""

    def __init__(
        self,
        service_api: Reader,
        entity: str,
        project: str,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> None:
        super().__init__(self._collections, per_page)
        self._reader = service_api
        self.entity, self.project = entity, project
        self._type: str | None = None

    def _collections(self) -> list[ArtifactCollection]:
        from wandb.apis.public.runs import Runs

        published: dict[str, list[Entry]] = {}
        for run in Runs(self._reader, self.entity, self.project, per_page=200, lazy=False):
            about = run_fields.about_of(run._load_details().get("config") or {})
            for name, entries in (about.get("artifacts") or {}).items():
                published.setdefault(name, []).extend(Entry.all_of(entries))
        found = [Versions(name, entries) for name, entries in sorted(published.items())]
        types = {one.name: type_of(one) for one in found if one.versions}
        return [
            ArtifactCollection(self._reader, self.entity, self.project, name, kind)
            for name, kind in types.items()
            if self._type in (None, kind)
        ]


class ArtifactCollections(ProjectArtifactCollections):
    """The names of a project's artifacts of one type."""

    def __init__(
        self,
        service_api: Reader,
        entity: str,
        project: str,
        type_name: str,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> None:
        super().__init__(service_api, entity, project, filters, order, per_page)
        self._type = type_name


class ArtifactType:
    """A type of artifacts in a project."""

    def __init__(self, service_api: Reader, entity: str, project: str, type_name: str, attrs: Any = None) -> None:
        self._reader = service_api
        self.entity, self.project, self.name = entity, project, type_name

    @property
    def id(self) -> str:
        """Project and type."""
        return f"{self.project}/{self.name}"

    def load(self) -> dict[str, str]:
        """Return what is known: the name."""
        return {"name": self.name}

    def collections(
        self,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> ArtifactCollections:
        """Return the names of artifacts of this type."""
        return ArtifactCollections(self._reader, self.entity, self.project, self.name, filters, order, per_page)

    @normalize_exceptions
    def collection(self, name: str) -> ArtifactCollection:
        """Return one name.

        Raises:
            wandb.CommError: nothing of this type is logged under it.
        """
        found = type_of(collection_of(self._reader, self.project, name))
        if found != self.name:
            raise CommError(f"artifact collection {name!r} is of type {found!r}, not {self.name!r}")
        return ArtifactCollection(self._reader, self.entity, self.project, name, found)

    def __repr__(self) -> str:
        return f"<ArtifactType {self.name}>"


class ArtifactTypes(_List):
    """The types of a project's artifacts; finding them reads the details of all its runs."""

    def __init__(
        self, service_api: Reader, entity: str, project: str, per_page: int = 50, start: str | None = None
    ) -> None:
        super().__init__(self._types, per_page)
        self._collections = ProjectArtifactCollections(service_api, entity, project)

    def _types(self) -> list[ArtifactType]:
        of, names = self._collections, dict.fromkeys(one.type for one in self._collections)
        return [ArtifactType(of._reader, of.entity, of.project, name) for name in sorted(names)]

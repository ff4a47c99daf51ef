"""The projects of an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wandb._native.notebooks.frame import link
from wandb.apis.attrs import Attrs
from wandb.apis.normalize import normalize_exceptions
from wandb.apis.paginator import WholeList
from wandb.errors import CommError

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader
    from wandb.apis.public.artifacts import ArtifactTypes, ProjectArtifactCollections
    from wandb.apis.public.sweeps import Sweeps


class Projects(WholeList["Project"]):
    """The projects, the newest first; Pluto lists a thousand at most."""

    def __init__(self, service_api: Reader, entity: str, per_page: int = 50) -> None:
        super().__init__(per_page)
        self._reader = service_api
        self.entity = entity

    @normalize_exceptions
    def _all(self) -> list[Project]:
        return [
            Project(self._reader, self.entity, self._reader.true_project(one["name"]), one)
            for one in self._reader.list_projects()
        ]

    @property
    def length(self) -> None:
        """None, as in wandb; `len` counts."""

    def __repr__(self) -> str:
        return f"<Projects {self.entity}>"


class Project(Attrs):
    """A project: a name for runs that belong together. `created_at` and `run_count` tell about it."""

    def __init__(self, service_api: Reader, entity: str, project: str, attrs: Mapping[str, Any]) -> None:
        super().__init__({**attrs, "name": project, "entityName": entity})
        self._reader = service_api
        self.name = project
        self.entity = entity

    def _known(self) -> dict[str, Any]:
        """Return what the server knows of the project.

        Raises:
            wandb.CommError: no project has that name.
        """
        if "id" not in self._attrs:
            stored = self._reader.stored_project(self.name)
            found = next((one for one in self._reader.list_projects() if one["name"] == stored), None)
            if found is None:
                raise CommError(f"Could not find project {self.name}")
            self._attrs |= {**found, "name": self.name}
        return self._attrs

    def __getattr__(self, name: str) -> Any:
        if name in ("created_at", "updated_at", "run_count", "createdAt", "updatedAt", "runCount"):
            self._known()
        return super().__getattr__(name)

    @property
    def id(self) -> str:
        """Pluto's id of the project."""
        return str(self._known()["id"])

    @property
    def path(self) -> list[str]:
        """Entity and name."""
        return [self.entity, self.name]

    @property
    def url(self) -> str:
        """The project's page."""
        return self._reader.project_url(self.name)

    @property
    def owner(self) -> Any:
        """The organisation, as a user."""
        from wandb.apis.public.users import User

        organization = self._reader.organization
        return User(self._reader, {"username": organization, "entity": organization})

    def artifacts_types(self, per_page: int = 50) -> ArtifactTypes:
        """Return the types of the project's artifacts."""
        from wandb.apis.public.artifacts import ArtifactTypes

        return ArtifactTypes(self._reader, self.entity, self.name, per_page)

    def collections(
        self, filters: Mapping[str, Any] | None = None, order: str | None = None, per_page: int = 50
    ) -> ProjectArtifactCollections:
        """Return the artifact names of the project."""
        from wandb.apis.public.artifacts import ProjectArtifactCollections

        return ProjectArtifactCollections(self._reader, self.entity, self.name, filters, order, per_page)

    def sweeps(self, per_page: int = 50, filters: dict[str, Any] | None = None, order: str | None = None) -> Sweeps:
        """Return the sweeps of which the project has runs."""
        from wandb.apis.public.sweeps import Sweeps

        return Sweeps(self._reader, self.entity, self.name, per_page, filters)

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return a link to the project's page: a server lets no other page frame it."""
        return link(self.url, f"Project {self.name}")

    def __repr__(self) -> str:
        return f"<Project {'/'.join(self.path)}>"

"""`wandb.Api`: reads runs, files and artifacts back from Pluto."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from wandb._native.api import paths, unsupported_methods
from wandb._native.api.unsupported_methods import method, refuse
from wandb._native.run import current
from wandb.apis.normalize import normalize_exceptions
from wandb.errors import CommError, Error, UsageError
from wandb.errors.term import termlog, termwarn
from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.import_hook import mode
from wandb_compat.run.identity import RUN_ID

if TYPE_CHECKING:
    from wandb.apis.public.artifacts import (
        ArtifactCollection,
        ArtifactCollections,
        Artifacts,
        ArtifactType,
        ArtifactTypes,
    )
    from wandb.apis.public.organizations import Organization
    from wandb.apis.public.projects import Project, Projects
    from wandb.apis.public.reports import Reports
    from wandb.apis.public.runs import Run, Runs
    from wandb.apis.public.sweeps import Sweep
    from wandb.apis.public.teams import Team
    from wandb.apis.public.users import User
    from wandb.sdk.artifacts.artifact import Artifact

TIMEOUT = 30  # seconds between two bytes of an answer


class Api:
    """Reads what runs have logged, and changes what can be changed afterwards. Entities in paths mean nothing.

    In Pluto: read over `pluto.query`; see [reading back](reading-back.md).

    Example:
        >>> api = wandb.Api()
        >>> for run in api.runs("demo", filters={"config.lr": {"$lt": 0.1}}, order="-summary_metrics.acc"):
        ...     print(run.name, run.summary["acc"], run.history(keys=["loss"]))
    """

    def __init__(
        self, overrides: dict[str, Any] | None = None, timeout: int | None = None, api_key: str | None = None
    ) -> None:
        """Find key and server; nothing is asked yet.

        Args:
            overrides: `entity` and `project` for paths without them.
            timeout: seconds that the server may take for an answer, 30 by default.
            api_key: a Pluto key, instead of the one that runs are logged with. A wandb key is not used.

        Raises:
            wandb.UsageError: no Pluto key is configured, or `pluto migrate` runs without the real wandb.
        """
        from wandb._native.api.connection import connect
        from wandb.sdk.wandb_login import find_credential
        from wandb_compat.wire.endpoints import resolve

        if mode.is_migrating():
            raise UsageError("`pluto migrate` reads from wandb's server with the real wandb: `pip install wandb` first")
        own, _ = Settings.read()
        if api_key and not api_key.startswith(credentials.TOKEN_PREFIXES):
            termwarn("The key given to wandb.Api is not a Pluto key (mlpi_…, mlps_…) and is not used.", repeat=False)
        credential = find_credential(api_key)
        if api_key and api_key.startswith(credentials.TOKEN_PREFIXES):
            self.api_key: str | None = api_key
        else:
            self.api_key = credential.reveal() if credential is not None else None
        if self.api_key is None:
            raise UsageError(f"No Pluto key for wandb.Api(): {credentials.HINT}, then call it again")
        endpoints = resolve(own.urls)
        self.settings: dict[str, Any] = {
            "base_url": endpoints.app,
            "entity": own.wandb_entity,
            "project": own.pluto_project or own.wandb_project,
            "organization": None,
            **(overrides or {}),
        }
        self._reader = self.client = self._service_api = connect(endpoints, self.api_key, timeout or TIMEOUT)
        self._runs: dict[str, Any] = {}
        self._organization: str | None = None

    # Who is asking

    @property
    def user_agent(self) -> str:
        """The name by which this API presents itself."""
        return f"W&B Public Client {current.module().__version__}"

    @property
    @normalize_exceptions
    def default_entity(self) -> str | None:
        """The organisation that the key belongs to."""
        if self._organization is None:
            self._organization = self._reader.organization
        return self._organization

    @property
    def viewer(self) -> User:
        """The organisation that the key belongs to, as a user: Pluto does not tell whose key it is.

        Raises:
            wandb.AuthenticationError: the server does not know the key.
        """
        from wandb.apis.public.users import User

        name = self.default_entity
        return User(self._reader, {"username": name, "name": name, "entity": name}, api_key=self.api_key)

    def user(self, username_or_email: str) -> User | None:
        """Return the user of that name, or None; Pluto knows only the organisation."""
        return next(iter(self.users(username_or_email)), None)

    def users(self, username_or_email: str) -> list[User]:
        """Return the users of that name; Pluto knows only the organisation."""
        viewer = self.viewer
        return [viewer] if viewer.username == username_or_email else []

    def team(self, team: str) -> Team:
        """Return the team of that name; Pluto names no members."""
        from wandb.apis.public.teams import Team

        return Team(self._reader, team)

    def flush(self) -> None:
        """Forget the runs that were read: the same call gives the same objects until then."""
        self._runs = {}

    def _entity(self) -> str | None:
        return self.settings["entity"]  # type: ignore[no-any-return]

    # Runs

    @normalize_exceptions
    def run(self, path: str = "") -> Run:
        """Return a run.

        Args:
            path: `entity/project/id`, `project/id`, or `id` with the project of the settings; `/runs/` may stand before
                the id. The id is wandb's; a number or display id of Pluto is taken too.

        Raises:
            wandb.CommError: the run does not exist, or the server cannot be asked. Also a ValueError in the first case.
            ValueError: the path makes no sense.
        """
        from wandb.apis.public.runs import Run

        if path not in self._runs:
            entity, project, id = paths.item_path(path, self._entity(), self.settings["project"])
            self._runs[path] = Run(self._reader, entity, project, id, lazy=False)
        return self._runs[path]  # type: ignore[no-any-return]

    def runs(
        self,
        path: str | None = None,
        filters: dict[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = False,
        lazy: bool = True,
    ) -> Runs:
        """Return the runs of a project that a filter takes.

        Args:
            path: `entity/project` or `project`; that of the settings by default.
            filters: as a query of MongoDB; see [reading back](reading-back.md).
            order: `created_at`, `updated_at`, `heartbeat_at`, `config.KEY.value` or `summary_metrics.KEY`, with `+`
                (ascending) or `-` in front.
            per_page: runs to read at a time, 200 at most.
            include_sweeps: without effect, accepted: `run.sweep` is read when it is asked for.
            lazy: False reads config, summary and the like of a page's runs at once.

        Raises:
            ValueError: filter or order cannot be understood; when the runs are looked at: the project does not exist.
        """
        from wandb.apis.public.runs import Runs

        entity, project = paths.project_path(path, self._entity(), self.settings["project"])
        key = f"{path or ''} {filters} {order}"
        known = self._runs.get(key)
        if known is None or (not known.more and not known.objects):  # nothing depends on the result
            known = self._runs[key] = Runs(
                self._reader, entity, project, filters, order, per_page, include_sweeps, lazy, self.api_key
            )
        elif not lazy and known._lazy:
            known.upgrade_to_full()
        return known

    def create_run(self, *, run_id: str | None = None, project: str | None = None, entity: str | None = None) -> Run:
        """Make a run on the server without logging anything.

        Args:
            run_id: a new one by default.
            project: that of the settings by default, else `uncategorized`.
            entity: kept with the run.
        """
        return self._create_run(run_id=run_id, project=project, entity=entity)

    @normalize_exceptions
    def _create_run(
        self,
        *,
        run_id: str | None = None,
        project: str | None = None,
        entity: str | None = None,
        state: Literal["running", "pending"] = "running",
    ) -> Run:
        from time import time

        from wandb.apis.public.runs import Run
        from wandb.util import generate_id
        from wandb_compat.spool.records import Start
        from wandb_compat.wire.models import create_body

        if state != "running":
            refuse(f"Run.create(state={state!r})", "a run starts when it is created")
        id, project = run_id or generate_id(), project or self.settings["project"] or "uncategorized"
        start = Start(time=int(time() * 1000), project=project, id=id, name=id, entity=entity, metadata={RUN_ID: id})
        self._reader.wire.create(create_body(start))
        return Run(self._reader, entity, project, id)

    # Projects, sweeps

    def projects(self, entity: str | None = None, per_page: int = 200) -> Projects:
        """Return the projects of the organisation, whatever the entity."""
        from wandb.apis.public.projects import Projects

        return Projects(self._reader, entity or self._entity() or self.default_entity or "", per_page)

    def project(self, name: str, entity: str | None = None) -> Project:
        """Return a project by name; whether it is there shows its `id`."""
        from wandb.apis.public.projects import Project

        return Project(self._reader, entity or self._entity() or self.default_entity or "", name, {})

    def create_project(self, name: str, entity: str) -> None:
        """Do nothing but say so: Pluto makes a project with its first run."""
        termlog(f"Pluto makes the project {name} with its first run.", repeat=False)

    def sweep(self, path: str = "") -> Sweep:
        """Return a sweep by the runs that belong to it.

        Args:
            path: as for `run`, with `/sweeps/` for `/runs/`.

        Raises:
            wandb.CommError: no run belongs to it, or the server cannot be asked. Also a ValueError in the first case.
        """
        from wandb.apis.public.sweeps import Sweep

        sweep = Sweep(self._reader, *paths.item_path(path, self._entity(), self.settings["project"]))
        sweep.load()
        return sweep

    def from_path(self, path: str) -> Any:
        """Return the project, run or sweep that a path names.

        Args:
            path: `project`, `entity/project`, `entity/project/id`, `entity/project/runs/id` or
                `entity/project/sweeps/id`.

        Raises:
            wandb.Error: it names none of these.
        """
        parts = path.strip("/ ").split("/")
        if len(parts) in (1, 2) and parts[-1]:
            return self.project(parts[-1], parts[0] if len(parts) == 2 else None)
        if len(parts) == 3 or (len(parts) == 4 and parts[2] in ("run", "runs")):
            return self.run("/".join((*parts[:2], parts[-1])))
        if len(parts) == 4 and parts[2] in ("sweep", "sweeps"):
            return self.sweep("/".join((*parts[:2], parts[-1])))
        if len(parts) == 4 and parts[2].startswith("report"):
            refuse("wandb.Api().from_path() of a report", unsupported_methods.REPORTS)
        raise Error(f"Invalid path {path!r}; write it as ENTITY/PROJECT/TYPE/ID, where TYPE is runs or sweeps")

    # Artifacts

    def _artifact_path(self, name: str) -> tuple[str, str, str]:
        """Return entity, project and `name:alias` of an artifact."""
        from wandb._native.artifacts.lookup import Name

        if not name:
            raise ValueError("You must specify name= to fetch an artifact.")
        wanted = Name.parse(name, self._entity() or "", self.settings["project"] or "uncategorized")
        return wanted.entity or self.default_entity or "", wanted.project, f"{wanted.name}:{wanted.alias}"

    def _project_path(self, path: str | None) -> tuple[str, str]:
        entity, project = paths.project_path(path, self._entity(), self.settings["project"])
        return entity or self.default_entity or "", project

    @normalize_exceptions
    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """Return a version of an artifact; its `download()` brings the files to disk.

        Args:
            name: `name:alias` or `name:v3`, with or without project and entity in front.
            type: what it must be.

        Raises:
            wandb.CommError: the version does not exist, or the server cannot be asked.
            ValueError: it is of another type, or there is not a name.
        """
        from wandb._native.api.artifact_versions import artifact

        found = artifact(self._reader, *self._artifact_path(name))
        if type is not None and found.type != type:
            raise ValueError(f"type {type!r} specified but this artifact is of type {found.type!r}")
        return found

    def artifacts(
        self,
        type_name: str,
        name: str,
        order: str | None = None,
        per_page: int = 50,
        tags: list[str] | None = None,
        start: str | None = None,
    ) -> Artifacts:
        """Return the versions of an artifact, the newest first.

        Args:
            type_name: what they must be.
            name: with or without project and entity in front.
            order: `+created_at` for the oldest first.
            per_page: without effect, accepted, as `start`: all versions are read at once.
            tags: give only versions that have all of these.
        """
        from wandb.apis.public.artifacts import Artifacts

        entity, project, text = self._artifact_path(name)
        return Artifacts(self._reader, entity, project, text.partition(":")[0], type_name, None, order, per_page, tags)

    def artifact_versions(self, type_name: str, name: str, per_page: int = 50) -> Artifacts:
        """Return `artifacts(type_name, name)`."""
        return self.artifacts(type_name, name, per_page=per_page)

    def artifact_types(self, project: str | None = None, start: str | None = None) -> ArtifactTypes:
        """Return the types of a project's artifacts; reads the details of all its runs."""
        from wandb.apis.public.artifacts import ArtifactTypes

        return ArtifactTypes(self._reader, *self._project_path(project))

    def artifact_type(self, type_name: str, project: str | None = None) -> ArtifactType:
        """Return a type of a project's artifacts."""
        from wandb.apis.public.artifacts import ArtifactType

        return ArtifactType(self._reader, *self._project_path(project), type_name)

    def artifact_collections(
        self,
        project_name: str,
        type_name: str,
        order: str | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> ArtifactCollections:
        """Return the names of a project's artifacts of a type; reads the details of all its runs."""
        from wandb.apis.public.artifacts import ArtifactCollections

        return ArtifactCollections(self._reader, *self._project_path(project_name), type_name, None, order, per_page)

    @normalize_exceptions
    def artifact_collection(self, type_name: str, name: str) -> ArtifactCollection:
        """Return the name that versions share.

        Raises:
            wandb.CommError: nothing of this type is logged under it.
        """
        from wandb.apis.public.artifacts import ArtifactType

        entity, project, text = self._artifact_path(name)
        return ArtifactType(self._reader, entity, project, type_name).collection(text.partition(":")[0])

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        """Whether there is such a version.

        Raises:
            wandb.CommError: the server cannot be asked.
            ValueError: it is of another type.
        """
        return _exists(lambda: self.artifact(name, type))

    def artifact_collection_exists(self, name: str, type: str) -> bool:
        """Whether versions of this type are logged under a name.

        Raises:
            wandb.CommError: the server cannot be asked.
        """
        return _exists(lambda: self.artifact_collection(type, name))

    # What Pluto has in another form, or not at all

    def sync_tensorboard(
        self,
        root_dir: str | os.PathLike[str],
        run_id: str | None = None,
        project: str | None = None,
        entity: str | None = None,
    ) -> None:
        """Log the event files in a folder, and in those below it, as one run.

        In Pluto: a separate run in this process, with rows as `wandb.tensorboard.patch` makes them.

        Args:
            root_dir: the folder.
            run_id: a new one by default; that of a run that is there goes on with it.
            project: that of the settings by default, else `uncategorized`.
            entity: kept with the run.

        Raises:
            wandb.Error: there are no event files, or tensorboard is not installed.
        """
        from wandb._native.integrations import tensorboard_directories

        tensorboard_directories.log(root_dir, run_id, project or self.settings["project"], entity or self._entity())

    def create_custom_chart(
        self,
        entity: str,
        name: str,
        display_name: str,
        spec_type: Literal["vega2"],
        access: Literal["private", "public"],
        spec: str | dict[str, Any],
    ) -> str:
        """Keep a Vega specification for `wandb.plot_table`; return its id.

        In Pluto: kept on this machine, in `PLUTO_DIR/charts`; each chart that is made of it here carries it, as `spec`.

        Args:
            entity, name: together the id, `entity/name`.
            display_name: kept with it.
            spec_type: `vega2`.
            access: kept with it; who reads a run sees its charts.
            spec: the specification as a dict or as JSON.

        Raises:
            wandb.Error: an argument makes no sense.
        """
        import json

        from wandb._native.plot import presets

        if spec_type != "vega2" or access not in ("private", "public"):
            raise Error(f"spec_type can be 'vega2' and access 'private' or 'public', not {spec_type!r} and {access!r}")
        try:
            vega = json.loads(spec) if isinstance(spec, str) else spec
            if not isinstance(vega, dict):
                raise ValueError(f"it is a {type(vega).__name__}, not an object")
            id = f"{entity}/{name}"
            presets.keep(id, {"display_name": display_name, "access": access, "spec": vega})
        except (OSError, TypeError, ValueError) as error:
            raise Error(f"The chart {entity}/{name} cannot be kept: {error}") from error
        return id

    def reports(self, path: str = "", name: str | None = None, per_page: int = 50) -> Reports:
        """Return the reports of a project: none.

        Accepted: Pluto has no reports, so the list is empty; this is logged once.
        """
        from wandb.apis.public.reports import Reports

        termlog("Pluto has no reports: the list is empty.", repeat=False)
        entity, project = paths.project_path(path, self._entity(), self.settings["project"])
        return Reports(self._reader, self.project(project, entity), name, entity, per_page)

    def organization(self, name: str | None = None) -> Organization:
        """Return the organisation that the key belongs to.

        Args:
            name: what it must be called.

        Raises:
            ValueError: the key belongs to another one.
        """
        from wandb.apis.public.organizations import Organization

        own = self.default_entity or ""
        if name not in (None, own):
            raise ValueError(f"The key belongs to the organisation {own!r}; {name!r} cannot be read with it")
        return Organization(own)

    create_report = load_report = method("wandb.Api().create_report()", unsupported_methods.REPORTS)
    create_user = method("wandb.Api().create_user()", unsupported_methods.PEOPLE)
    create_team = method("wandb.Api().create_team()", unsupported_methods.PEOPLE)
    create_run_queue = method("wandb.Api().create_run_queue()", unsupported_methods.LAUNCH)
    upsert_run_queue = method("wandb.Api().upsert_run_queue()", unsupported_methods.LAUNCH)
    run_queue = method("wandb.Api().run_queue()", unsupported_methods.LAUNCH)
    queued_run = queued_job = method("wandb.Api().queued_run()", unsupported_methods.LAUNCH)
    job = method("wandb.Api().job()", unsupported_methods.LAUNCH)
    list_jobs = method("wandb.Api().list_jobs()", unsupported_methods.LAUNCH)
    registry = method("wandb.Api().registry()", unsupported_methods.REGISTRY)
    registries = method("wandb.Api().registries()", unsupported_methods.REGISTRY)
    create_registry = method("wandb.Api().create_registry()", unsupported_methods.REGISTRY)
    automation = method("wandb.Api().automation()", unsupported_methods.AUTOMATIONS)
    automations = method("wandb.Api().automations()", unsupported_methods.AUTOMATIONS)
    create_automation = method("wandb.Api().create_automation()", unsupported_methods.AUTOMATIONS)
    update_automation = method("wandb.Api().update_automation()", unsupported_methods.AUTOMATIONS)
    delete_automation = method("wandb.Api().delete_automation()", unsupported_methods.AUTOMATIONS)
    integrations = method("wandb.Api().integrations()", unsupported_methods.AUTOMATIONS)
    slack_integrations = method("wandb.Api().slack_integrations()", unsupported_methods.AUTOMATIONS)
    webhook_integrations = method("wandb.Api().webhook_integrations()", unsupported_methods.AUTOMATIONS)


def _exists(look: Any) -> bool:
    try:
        look()
    except CommError as error:
        if error.exc is not None:  # the server was not asked
            raise
        return False
    return True

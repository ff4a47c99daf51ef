"""Artifacts and models of a run: logs, uses and links them."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from wandb._native.artifacts import lookup, naming
from wandb._native.run.artifact_log import LoggedArtifacts, collection_of, from_path
from wandb.errors.term import termerror, termwarn
from wandb.sdk.artifacts.artifact import Artifact
from wandb_compat.artifacts import log as artifact_records
from wandb_compat.system.disk_errors import is_transient

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run

StrPath = str | os.PathLike[str]


class RunArtifacts:
    """The artifacts of one run; the arguments are those of the run's methods."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def log(
        self,
        artifact_or_path: Artifact | StrPath,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        tags: list[str] | None = None,
        part: str | None = None,
        final: bool = True,
    ) -> Artifact:
        """Log an artifact, or a part of one; see `Run.log_artifact`.

        Args:
            artifact_or_path, name, type, aliases, tags: as for `Run.log_artifact`.
            part: the id of the distributed artifact that this is a part of.
            final: whether the distributed artifact is complete now.
        """
        run = self._run
        run._check_active("log_artifact")
        chosen = naming.resolve_aliases(aliases)
        checked = None if tags is None else naming.check_tags(tags)
        if isinstance(artifact_or_path, (str, os.PathLike)):
            artifact = from_path(artifact_or_path, name, type, run.id)
        else:
            artifact = artifact_or_path
        if not isinstance(artifact, Artifact):
            raise TypeError("You must pass an instance of wandb.Artifact or a valid file path to log_artifact")
        artifact.distributed_id = part
        artifact._entity, artifact._run, artifact._project = run._settings.entity, run, run.project
        try:
            self._logged.log(
                artifact, run._history.step, chosen, checked, part=part, final=final, awaitable=self._awaitable
            )
        except OSError as error:
            if not is_transient(error):
                raise
            termerror(f"artifact {artifact.name} is not logged: {error}; log it again when there is room")
        return artifact

    def upsert(
        self,
        artifact_or_path: Artifact | str,
        name: str | None,
        type: str | None,
        aliases: list[str] | None,
        distributed_id: str | None,
    ) -> Artifact:
        """Log a part of a distributed artifact; see `Run.upsert_artifact`."""
        part = self._distributed_id(distributed_id, "upsert")
        return self.log(artifact_or_path, name, type, aliases, part=part, final=False)

    def finish(
        self,
        artifact_or_path: Artifact | str,
        name: str | None,
        type: str | None,
        aliases: list[str] | None,
        distributed_id: str | None,
    ) -> Artifact:
        """Log the last part of a distributed artifact; see `Run.finish_artifact`."""
        part = self._distributed_id(distributed_id, "finish")
        return self.log(artifact_or_path, name, type, aliases, part=part)

    def _distributed_id(self, given: str | None, what: str) -> str:
        group = self._run.settings.run_group
        if group is None and given is None:
            raise TypeError(f"Cannot {what} artifact unless run is in a group or distributed_id is provided")
        return given or group or ""

    def use(self, artifact_or_name: str | Artifact, type: str | None, aliases: list[str] | None) -> Artifact:
        """Take an artifact as input of the run; see `Run.use_artifact`."""
        run = self._run
        run._check_active("use_artifact")
        if run.offline:
            raise TypeError("Cannot use artifact when in offline mode.")
        if isinstance(artifact_or_name, str):
            artifact = self._find(artifact_or_name)
            if type is not None and type != artifact.type:
                raise ValueError(
                    f"Supplied type {type} does not match type {artifact.type} of artifact {artifact.name}"
                )
        elif isinstance(artifact_or_name, Artifact):
            artifact = artifact_or_name
            if artifact.is_draft():
                if artifact._awaited is None:
                    self.log(artifact, aliases=aliases)
                artifact.wait()
        else:
            raise ValueError(
                'You must pass an artifact name (e.g. "pedestrian-dataset:v1"), an instance of `wandb.Artifact`, or '
                "`wandb.Api().artifact()` to `use_artifact`"
            )
        run._submit(artifact_records.used(artifact), "use_artifact")
        return artifact

    def _find(self, name: str) -> Artifact:
        """Return an artifact of the server by name; one that this run logged is waited for first."""
        run = self._run
        wanted = lookup.Name.parse(name, run._settings.entity or "", run.project)
        pending = self._logged.pending(wanted.name) if wanted.project == run.project else None
        if pending is not None:
            pending.wait()
        artifact = Artifact._of(wanted.entity, *lookup.find(wanted))
        artifact._run = run
        return artifact

    def link(self, artifact: Artifact, target_path: str, aliases: list[str] | None) -> Artifact:
        """Give an artifact a second name; see `Run.link_artifact`."""
        run = self._run
        run._check_active("link_artifact")
        project, name = collection_of(target_path)
        if project not in ("", run.project):
            termwarn(
                f"Pluto keeps artifacts with their runs: the link to {target_path} is found as {run.project}/{name}.",
                repeat=False,
            )
        if artifact.is_draft() and artifact._record is None:
            artifact = self.log(artifact)
        link = self._logged.link(artifact, name, naming.resolve_aliases(aliases), self._awaitable)
        link._entity, link._run, link._project = run._settings.entity, run, run.project
        return link

    def use_model(self, name: str) -> str:
        """Download a model; see `Run.use_model`."""
        if self._run.offline:
            raise RuntimeError("`use_model` not supported in offline mode.")
        artifact = self._run.use_artifact(name)
        if "model" not in artifact.type.lower():
            raise AssertionError(
                "You can only use this method for 'model' artifacts. For an artifact to be a 'model' artifact, its "
                "type property must contain the substring 'model'."
            )
        path = artifact.download()
        files = os.listdir(path)  # noqa: PTH208
        return os.path.join(path, files[0]) if len(files) == 1 else path  # noqa: PTH118

    def link_model(
        self, path: StrPath, registered_model_name: str, name: str | None, aliases: list[str] | None
    ) -> Artifact:
        """Log a model and give it a second name; see `Run.link_model`."""
        if "/" in registered_model_name:
            raise AssertionError(
                "Please provide only the name of the registered model. Do not append the entity or project name."
            )
        artifact = self.log(path, name, "model")
        return self._run.link_artifact(artifact, f"model-registry/{registered_model_name}", aliases)

    @property
    def _awaitable(self) -> bool:
        pipeline = self._run._pipeline
        return pipeline is not None and pipeline.online

    @cached_property
    def _logged(self) -> LoggedArtifacts:
        pipeline = self._run._pipeline
        assert pipeline is not None
        return LoggedArtifacts(pipeline.run_dir, pipeline.submit)

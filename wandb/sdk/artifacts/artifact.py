"""`wandb.Artifact`: a version of a named set of files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wandb._native.artifacts.adding import Contents
from wandb._native.artifacts.downloading import Downloads
from wandb._native.artifacts.logged import Published
from wandb.sdk.artifacts.artifact_manifest import ArtifactManifest
from wandb.sdk.artifacts.exceptions import ArtifactNotLoggedError


class Artifact(Contents, Downloads, Published):
    """Files and references under one name, versioned by content.

    In Pluto: each file under `artifacts/NAME/PATH`, once for each content, with a manifest beside; versions and aliases
    in the runs' configurations, see [artifacts](artifacts.md). References are kept in the manifest only.

    Example:
        >>> artifact = wandb.Artifact("weights", type="model", metadata={"epoch": 3})
        >>> artifact.add_file("model.pt")
        >>> run.log_artifact(artifact, aliases=["best"]).wait().version
        'v0'
    """

    def save(self, project: str | None = None, settings: Any = None) -> None:
        """Log the artifact, or bring changes of a logged one to the server.

        Args:
            project: where it is logged when no run is active; a run of job type `auto` is made for it.
            settings: of that run.

        Raises:
            wandb.CommError: a change did not reach the server.
        """
        if not self.is_draft():
            self._save_changes()
            return
        from wandb._native.run import active_runs

        run = active_runs.latest()
        if run is not None:
            run.log_artifact(self)
            return
        import wandb

        with wandb.init(project=project, job_type="auto", settings=settings) as own:
            own.log_artifact(self)

    def wait(self, timeout: int | None = None) -> Artifact:
        """Wait until the server has the artifact and its version is known.

        Args:
            timeout: seconds. By default as long as the uploader is sending, and 30 s for a server that is away.

        Raises:
            ArtifactNotLoggedError: it is not logged, or the run is offline.
            WaitTimeoutError: it takes longer.
            ValueError: it cannot be published, because the name has another type for example.
        """
        if self.is_draft():
            if self._awaited is None:
                raise ArtifactNotLoggedError("Artifact.wait", self)
            outcome = self._awaited.wait(timeout)
            if "version" in outcome:
                self._commit(outcome)
        return self

    def _commit(self, outcome: dict[str, Any]) -> None:
        """Take in what has become of the artifact on the server."""
        from wandb._native.artifacts.lookup import shelf
        from wandb_compat.wire.artifact_versions import Entry, Version

        of_entry = {name: outcome[name] for name in ("time", "digest", "size", "run", "key", "manifest", "source")}
        entry = Entry(id="", order=0, version=outcome["version"], type=self._type, **of_entry)
        version = Version(outcome["version"], entry, outcome["time"], outcome["aliases"], self._tags)
        self._settle(shelf(self._project), version)
        self._manifest = None  # what it builds on is known to the server only

    def new_draft(self) -> Artifact:
        """Return a new artifact with what this logged one holds, to be changed and logged as the next version.

        Raises:
            ArtifactNotLoggedError: this one is not logged.
        """
        if self.is_draft():
            raise ArtifactNotLoggedError("Artifact.new_draft", self)
        draft = type(self)(self.source_name.partition(":")[0], self.type)
        draft._description, draft._metadata = self._description, dict(self._metadata)
        draft._digest_algorithm = self._digest_algorithm
        draft._manifest = ArtifactManifest.from_manifest_json(self.manifest.to_manifest_json(), self._digest_algorithm)
        return draft

    def link(self, target_path: str, aliases: Iterable[str] | None = None) -> Artifact | None:
        """Give the artifact another name; see `run.link_artifact`.

        Args:
            target_path: `entity/project/collection`, of which Pluto keeps the collection.
            aliases: of the version under the new name.

        Raises:
            wandb.Error: no run is active.
        """
        import wandb

        run = wandb.run
        if run is None:
            with wandb.init(project=self._project, job_type="auto") as own:
                return own.link_artifact(self, target_path, list(aliases) if aliases else None)
        return run.link_artifact(self, target_path, list(aliases) if aliases else None)


class InternalArtifact(Artifact):
    """An artifact of a type that wandb keeps for itself, such as `code`."""

    _check_type = staticmethod(lambda type, name: type)

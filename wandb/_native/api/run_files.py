"""The files and artifacts of a run that was read back."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb.apis.normalize import normalize_exceptions
from wandb.errors import CommError
from wandb_compat.artifacts.versions import place

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader
    from wandb.apis.public.artifacts import RunArtifacts
    from wandb.apis.public.files import File, Files
    from wandb.sdk.artifacts.artifact import Artifact


class RunFiles:
    """The methods; `Run` is the only class that has them."""

    _reader: Reader
    project: str
    number: int

    if TYPE_CHECKING:

        def _log_types(self) -> dict[str, str]: ...
        def _send(self, about: dict[str, Any], config: dict[str, Any] | None = None) -> None: ...

    def files(self, names: list[str] | None = None, pattern: str | None = None, per_page: int = 50) -> Files:
        """Return the files of the run: saved ones, media, and those that wandb makes of config, summary and console.

        Args:
            names: of the files wanted; all by default.
            pattern: as SQL's LIKE has it: `%` for any text, `_` for any letter.
            per_page: without much effect: Pluto lists a run's files at once.
        """
        from wandb.apis.public.files import Files

        return Files(self._reader, self, names or [], per_page, pattern=pattern)

    @normalize_exceptions
    def file(self, name: str) -> File:
        """Return a file by name; whether it is there shows `download`."""
        from wandb.apis.public import files

        return files.named(self, name)

    @normalize_exceptions
    def upload_file(self, path: str | os.PathLike[str], root: str | os.PathLike[str] = ".") -> File:
        """Add a file of this machine to the run.

        Args:
            path: of the file.
            root: the folder from which on the path becomes the file's name.

        Raises:
            wandb.CommError: there is no such file, or the server does not take it.
        """
        from pluto.query import QueryError

        name = Path(os.path.relpath(path, root)).as_posix()
        key, _ = place("save", name)
        caption = name if key != f"save/{name}" else None
        try:
            self._reader.upload_file(self.project, self.number, key, path, step=0, caption=caption)
        except QueryError as error:
            raise CommError(str(error), error) from error
        return self.file(name)

    def _listed_files(self) -> list[dict[str, Any]]:
        """Return what the server lists of the run's files; past its bound, key by key."""
        from wandb._native.api.connection import FILES

        found = self._reader.get_files(self.project, self.number)
        if len(found) >= FILES:
            keys = {*self._log_types(), *(file["logName"] for file in found)} - {*self._metric_keys()}
            found = [file for key in sorted(keys) for file in self._reader.get_files(self.project, self.number, key)]
        return list(found)

    def _metric_keys(self) -> Iterator[str]:
        return (name for name, kind in self._log_types().items() if kind == "METRIC")

    def logged_artifacts(self, per_page: int = 100) -> RunArtifacts:
        """Return the artifact versions that the run has logged."""
        from wandb.apis.public.artifacts import RunArtifacts

        return RunArtifacts(self._reader, self, "logged", per_page)

    def used_artifacts(self, per_page: int = 100) -> RunArtifacts:
        """Return the artifact versions that the run has used."""
        from wandb.apis.public.artifacts import RunArtifacts

        return RunArtifacts(self._reader, self, "used", per_page)

    @normalize_exceptions
    def use_artifact(self, artifact: Artifact, use_as: str | None = None) -> Artifact:
        """Note that the run has used an artifact, one that `Api.artifact` has returned.

        Raises:
            ValueError: it is none, or not logged yet.
        """
        from wandb.apis.public import artifacts

        artifacts.check_logged(artifact, "use_artifact")
        self._send({"used_artifacts": {artifact.name: artifact.type}})
        return artifact

    @normalize_exceptions
    def log_artifact(
        self, artifact: Artifact, aliases: Collection[str] | None = None, tags: Collection[str] | None = None
    ) -> Artifact:
        """Note that the run has logged a version that is there already, one that `Api.artifact` has returned.

        Args:
            artifact: of the run's project.
            aliases: for the version.
            tags: for the version.

        Raises:
            TypeError: it is no artifact.
            ValueError: it is not logged yet, or of another project.
        """
        from wandb.apis.public import artifacts

        return artifacts.log_again(self, artifact, aliases, tags)

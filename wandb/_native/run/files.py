"""The part of a run that deals with files: `save`, `restore`, `log_code`, artifacts and models."""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from wandb._native.run import current
from wandb._native.run.saved_files import LinkedFiles
from wandb.errors import CommError
from wandb.errors.term import termerror, termlog, termwarn
from wandb_compat.artifacts import log
from wandb_compat.spool import os_errors, records, threads

if TYPE_CHECKING:
    from wandb._native.run.artifact_log import LoggedArtifacts
    from wandb.sdk.artifacts.artifact import Artifact
    from wandb.sdk.wandb_settings import Settings
    from wandb_compat.pipeline.pipeline import Pipeline
    from wandb_compat.run.history import History

StrPath = str | os.PathLike[str]
Wanted = Callable[[str, str], bool] | Callable[[str], bool]


def is_code(path: str) -> bool:
    """Whether a file is Python source, a list of requirements or a Dockerfile."""
    name = os.path.basename(path)  # noqa: PTH119
    return path.endswith(".py") or name.startswith(("Dockerfile", "requirements"))


def is_wandbs(path: str, root: str) -> bool:
    """Whether a file lies in the folder that wandb makes."""
    return os.path.relpath(path, root).startswith((f"wandb{os.sep}", f".wandb{os.sep}"))


class RunFiles:
    """The methods; `Run` is the only class that has them."""

    _settings: Settings
    _pipeline: Pipeline | None
    _history: History
    _is_finished: bool
    _artifacts: LoggedArtifacts | None
    _saved: LinkedFiles | None
    _patching: threading.Thread | None

    if TYPE_CHECKING:
        id: str
        dir: str
        entity: str
        project: str
        offline: bool

        def _refuse_when_finished(self, what: str) -> None: ...
        def _submit(self, record: records.Record, what: str) -> None: ...

    # Files

    def save(
        self,
        glob_str: StrPath | bytes | None = None,
        base_path: StrPath | None = None,
        policy: Literal["live", "now", "end"] = "live",
        glob: bool = True,
    ) -> bool | list[str]:
        """Keep files in the run's folder and send them.

        In Pluto: files under `save/PATH`; see [artifacts](artifacts.md).

        Args:
            glob_str: path or pattern; what matches now is saved. Without it nothing is done, as before wandb 0.23.
            base_path: the part of the paths that is left out in the run's folder. By default the working folder, for an
                absolute path all but the last folder.
            policy: `now` sends a copy at once, `live` also when the file changes, `end` when the run finishes.
            glob: False takes `glob_str` literally.

        Returns:
            The paths in the run's folder; True without an argument.

        Raises:
            ValueError: the policy does not exist, or the path is not below `base_path`.
            wandb.UsageError: the run is finished.

        Example:
            >>> run.save("checkpoints/*.pt", policy="end")
        """
        if glob_str is None:
            return True
        if self._is_finished:
            self._refuse_when_finished("save")
        pattern = os.fsdecode(glob_str)
        if pattern.startswith(("gs://", "s3://")):
            termlog(f"{pattern} is a cloud storage url, can't save file to W&B.")
            return []
        return self._files().save_glob(pattern, base_path, policy, glob, self._settings.symlink)

    def restore(
        self, name: str, run_path: str | None = None, replace: bool = False, root: str | None = None
    ) -> TextIO | None:
        """Bring a saved file back; see `wandb.restore`.

        In Pluto: read from `save/PATH` of the run.
        """
        return restore(name, run_path or self._path_for_restore(), replace, root or self.dir)

    def _path_for_restore(self) -> str:
        return f"{self.project}/{self.id}"

    def log_code(
        self,
        root: str | None = ".",
        name: str | None = None,
        include_fn: Wanted = is_code,
        exclude_fn: Wanted = is_wandbs,
    ) -> Artifact | None:
        """Log the code below a folder as an artifact of type `code`.

        In Pluto: an artifact of type `code`.

        Args:
            root: the folder.
            name: of the artifact, by default `source-PROJECT-SCRIPT`.
            include_fn: takes a path, or path and root; whether the file belongs to the code.
            exclude_fn: the same; whether it does not after all.

        Returns:
            The artifact, or None when no file was found.
        """
        from wandb.sdk.artifacts.artifact import InternalArtifact
        from wandb.util import make_artifact_name_safe

        artifact = InternalArtifact(name or make_artifact_name_safe(f"source-{self.project}-{self._program()}"), "code")
        included, excluded = _two_arguments(include_fn), _two_arguments(exclude_fn)
        top = os.path.abspath(root) if root is not None else None  # noqa: PTH100
        for folder, _, files in os.walk(top) if top is not None else ():
            for file in (os.path.join(folder, one) for one in files):  # noqa: PTH118
                if included(file, top) and not excluded(file, top):
                    try:
                        artifact.add_file(file, name=os.path.relpath(file, top))
                    except (OSError, ValueError) as error:
                        termwarn(f"{file} is not logged with the code: {error}")
        if not len(artifact.manifest):
            termwarn("No relevant files were detected in the specified directory. No code will be logged to your run.")
            return None
        return self._log_artifact(artifact)

    def _program(self) -> str:
        """Return the script's path relative to the working folder."""
        from wandb_compat.run.environment import program

        if self._settings.program_relpath:
            return self._settings.program_relpath
        path = self._settings.program or program()
        try:
            return os.path.relpath(path) if Path(path).exists() else path
        except ValueError:  # another drive
            return path

    def _save_code(self) -> None:
        """Save the running script as `code/SCRIPT`, and what no commit holds as `diff.patch`."""
        self._save_program()
        if self._settings.disable_git:
            return
        from wandb._native.run import git_diff
        from wandb.sdk.lib.gitlib import GitRepo

        folder, files = Path(self.dir), self._files()
        repository = GitRepo(self._settings.git_root or os.getcwd())  # noqa: PTH109 - the script may go elsewhere

        def save() -> None:
            for patch in git_diff.write(folder, repository):
                files.save(patch)

        self._patching = threads.start(
            "patches", save, lambda error: termwarn(f"diff.patch is not saved: {error}", repeat=False)
        )

    def _save_program(self) -> None:
        path = Path(self._program())
        if path.is_file():
            inside = path if not path.is_absolute() and ".." not in path.parts else Path(path.name)
            target = Path(self.dir, "code", inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            self._files().save(target)

    # Artifacts

    def log_artifact(
        self,
        artifact_or_path: Artifact | StrPath,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        tags: list[str] | None = None,
    ) -> Artifact:
        """Log an artifact; returns at once, `wait()` of what is returned blocks until its version is known.

        In Pluto: files under `artifacts/NAME/PATH`, versions kept by wandb-compat; see [artifacts](artifacts.md).

        Args:
            artifact_or_path: an artifact, or a file, folder or reference to make one of.
            name: of an artifact that is made of a path; by default `run-ID-FILE`.
            type: the same; by default `unspecified`.
            aliases: by default `latest`, which the newest version has in any case.
            tags: of the version.

        Returns:
            The artifact.

        Raises:
            ValueError: an alias or tag cannot be used, or there is nothing at the path.
            TypeError: it is neither artifact nor path.
            wandb.UsageError: the run is finished.

        Example:
            >>> run.log_artifact("model.pt", name="weights", type="model", aliases=["best"])
        """
        return self._log_artifact(artifact_or_path, name, type, aliases, tags)

    def upsert_artifact(
        self,
        artifact_or_path: Artifact | str,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Log a part of an artifact that several runs make; `finish_artifact` puts the parts together.

        In Pluto: files as those of any artifact; the part has no version.

        Args:
            artifact_or_path, name, type, aliases: as for `log_artifact`.
            distributed_id: what the parts have in common, by default the run's group.

        Raises:
            TypeError: there is neither a group nor `distributed_id`.
        """
        part = self._part(distributed_id, "upsert")
        return self._log_artifact(artifact_or_path, name, type, aliases, None, part, final=False)

    def finish_artifact(
        self,
        artifact_or_path: Artifact | str,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Log the last part of an artifact that several runs make, and so the artifact; see `upsert_artifact`.

        In Pluto: one version with the files of all parts.
        """
        return self._log_artifact(artifact_or_path, name, type, aliases, None, self._part(distributed_id, "finish"))

    def _part(self, distributed_id: str | None, what: str) -> str:
        if self._settings.run_group is None and distributed_id is None:
            raise TypeError(f"Cannot {what} artifact unless run is in a group or distributed_id is provided")
        return distributed_id or self._settings.run_group or ""

    def _log_artifact(
        self,
        artifact_or_path: Artifact | StrPath,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        tags: list[str] | None = None,
        part: str | None = None,
        final: bool = True,
    ) -> Artifact:
        from wandb._native.artifacts import naming
        from wandb._native.run.artifact_log import from_path
        from wandb.sdk.artifacts.artifact import Artifact

        if self._is_finished:
            self._refuse_when_finished("log_artifact")
        chosen = naming.resolve_aliases(aliases)
        checked = None if tags is None else naming.check_tags(tags)
        if isinstance(artifact_or_path, (str, os.PathLike)):
            artifact = from_path(artifact_or_path, name, type, self.id)
        else:
            artifact = artifact_or_path
        if not isinstance(artifact, Artifact):
            raise TypeError("You must pass an instance of wandb.Artifact or a valid file path to log_artifact")
        artifact.distributed_id = part
        artifact._entity, artifact._project = self.entity, self.project
        try:
            self._logged().log(
                artifact, self._history.step, chosen, checked, part=part, final=final, awaitable=self._awaitable
            )
        except OSError as error:
            if not os_errors.is_retryable(error):
                raise
            termerror(f"artifact {artifact.name} is not logged: {error}; log it again when there is room")
        return artifact

    def use_artifact(
        self,
        artifact_or_name: str | Artifact,
        type: str | None = None,
        aliases: list[str] | None = None,
        use_as: str | None = None,
    ) -> Artifact:
        """Take an artifact as input of the run; asks the Pluto server.

        In Pluto: read through the query endpoints; noted in `config["wandb"]["used_artifacts"]`.

        Args:
            artifact_or_name: `name:alias`, with or without project and entity in front, or an artifact; one that is
                not logged yet is logged, and waited for.
            type: what it must be.
            aliases: of an artifact that is logged here.
            use_as: without effect, accepted.

        Returns:
            The artifact; its `download()` brings the files to disk.

        Raises:
            wandb.CommError: there is no such version, or the server cannot be reached.
            TypeError: the run is offline.
            ValueError: it is of another type.
        """
        from wandb._native.artifacts import lookup
        from wandb.sdk.artifacts.artifact import Artifact

        if self._is_finished:
            self._refuse_when_finished("use_artifact")
        if self.offline:
            raise TypeError("Cannot use artifact when in offline mode.")
        if isinstance(artifact_or_name, str):
            wanted = lookup.Name.parse(artifact_or_name, self.entity, self.project)
            pending = self._logged().pending(wanted.name) if wanted.project == self.project else None
            if pending is not None:  # what this run has logged can be used by it at once
                pending.wait()
            artifact = Artifact._of(wanted.entity, *lookup.find(wanted))
            if type is not None and type != artifact.type:
                raise ValueError(
                    f"Supplied type {type} does not match type {artifact.type} of artifact {artifact.name}"
                )
        elif isinstance(artifact_or_name, Artifact):
            artifact = artifact_or_name
            if artifact.is_draft():
                if artifact._awaited is None:
                    self._log_artifact(artifact, aliases=aliases)
                artifact.wait()
        else:
            raise ValueError(
                'You must pass an artifact name (e.g. "pedestrian-dataset:v1"), an instance of `wandb.Artifact`, or '
                "`wandb.Api().artifact()` to `use_artifact`"
            )
        self._submit(log.used(artifact), "use_artifact")
        return artifact

    def link_artifact(self, artifact: Artifact, target_path: str, aliases: list[str] | None = None) -> Artifact:
        """Give an artifact a second name, under which it has versions of its own.

        In Pluto: a second name in the run's project, whichever registry or project the target names.

        Args:
            artifact: one that is not logged yet is logged.
            target_path: `collection`, `project/collection` or `entity/project/collection`. Pluto keeps artifacts with
                their runs, so the link is found under the collection's name in the run's project whatever the target.
            aliases: of the version under the new name, by default `latest`.

        Returns:
            The artifact under its new name; `wait()` for its version.
        """
        from wandb._native.artifacts import naming
        from wandb._native.run.artifact_log import collection_of

        if self._is_finished:
            self._refuse_when_finished("link_artifact")
        project, name = collection_of(target_path)
        if project not in ("", self.project):
            termwarn(
                f"Pluto keeps artifacts with their runs: the link to {target_path} is found as {self.project}/{name}.",
                repeat=False,
            )
        if artifact.is_draft() and artifact._record is None:
            artifact = self._log_artifact(artifact)
        link = self._logged().link(artifact, name, naming.resolve_aliases(aliases), self._awaitable)
        link._entity, link._project = self.entity, self.project
        return link

    def log_model(self, path: StrPath, name: str | None = None, aliases: list[str] | None = None) -> None:
        """Log a file or folder as an artifact of type `model`; arguments as `log_artifact`.

        In Pluto: an artifact of type `model`.
        """
        self._log_artifact(path, name, "model", aliases)

    def use_model(self, name: str) -> str:
        """Download a model that was logged.

        In Pluto: read through the query endpoints.

        Args:
            name: as for `use_artifact`.

        Returns:
            The path of the file, or of the folder when there are several.

        Raises:
            AssertionError: the artifact's type has no `model` in it.
            RuntimeError: the run is offline.
        """
        if self.offline:
            raise RuntimeError("`use_model` not supported in offline mode.")
        artifact = self.use_artifact(name)
        _assert_model(artifact.type)
        path = artifact.download()
        files = os.listdir(path)  # noqa: PTH208
        return os.path.join(path, files[0]) if len(files) == 1 else path  # noqa: PTH118

    def link_model(
        self, path: StrPath, registered_model_name: str, name: str | None = None, aliases: list[str] | None = None
    ) -> Artifact | None:
        """Log a file or folder as a model and give it a second name; see `link_artifact`.

        In Pluto: an artifact of type `model` with a second name in the run's project.

        Args:
            path: file or folder.
            registered_model_name: the second name, without entity and project.
            name: of the artifact.
            aliases: of the version under the second name.

        Raises:
            AssertionError: `registered_model_name` has a slash.
        """
        if "/" in registered_model_name:
            raise AssertionError(
                "Please provide only the name of the registered model. Do not append the entity or project name."
            )
        artifact = self._log_artifact(path, name, "model")
        return self.link_artifact(artifact, f"model-registry/{registered_model_name}", aliases)

    # What they stand on

    @property
    def _awaitable(self) -> bool:
        return self._pipeline is not None and self._pipeline.online

    def _logged(self) -> LoggedArtifacts:
        from wandb._native.run.artifact_log import LoggedArtifacts

        assert self._pipeline is not None
        if self._artifacts is None:
            pipeline = self._pipeline
            self._artifacts = LoggedArtifacts(pipeline.run_dir, pipeline.submit)
        return self._artifacts

    def _files(self) -> LinkedFiles:
        assert self._pipeline is not None
        if self._saved is None:
            self._saved = LinkedFiles(
                Path(self.dir), self._pipeline.run_dir, self._pipeline.submit, self._settings.ignore_globs
            )
        return self._saved


def _assert_model(type: str) -> None:
    if "model" not in type.lower():
        raise AssertionError(
            "You can only use this method for 'model' artifacts. For an artifact to be a 'model' artifact, its type "
            "property must contain the substring 'model'."
        )


def _two_arguments(wanted: Wanted) -> Callable[[str, Any], bool]:
    """Return a function of path and root; older scripts give one of the path alone."""
    if len(inspect.signature(wanted).parameters) == 2:
        return wanted  # type: ignore[return-value]
    return lambda path, root: wanted(path)  # type: ignore[call-arg]


def restore(name: str, run_path: str | None = None, replace: bool = False, root: str | None = None) -> TextIO | None:
    """Bring a file back that a run has saved.

    Args:
        name: its path in the run's folder.
        run_path: `project/id` or `entity/project/id`, the id being wandb's, or the run's number or display id on the
            Pluto server; by default the current run.
        replace: fetch it even if it is there.
        root: folder to put it in, by default the run's, without a run the working one.

    Returns:
        The open file, or None when the run is disabled.

    Raises:
        ValueError: the run has no such file, or there is neither a run nor `run_path`.
        wandb.CommError: the server cannot be asked, or has no such run.
    """
    run = current.run()
    if run_path is None:
        if run is None:
            raise ValueError("run_path required when calling wandb.restore before wandb.init")
        run_path = run._path_for_restore()
    path = Path(root or (run.dir if run is not None and not run.disabled else Path.cwd()), name)
    if path.exists() and not replace:
        return path.open()
    if run is not None and run.disabled:
        return None
    _fetch(name, run_path, path)
    return path.open()


def _fetch(name: str, run_path: str, path: Path) -> None:
    from wandb._native.artifacts import lookup
    from wandb_compat.artifacts.paths import file_key
    from wandb_compat.wire.errors import WireError

    *where, id_ = run_path.strip("/").split("/")
    store = lookup.artifact_store(where[-1] if where else None)
    key, file = file_key("save", name)
    try:
        number = store.run(id_)
        if number is None:
            raise CommError(f"no run {id_!r} in project {store.project!r}")
        (url,) = store.urls([(number, key, file)])
        if path.is_symlink():
            path.unlink()  # what a link leads to is the user's
        store.client.download(url, path)
    except FileNotFoundError:
        raise ValueError(f"File {name} not found in {run_path}.") from None
    except WireError as error:
        raise CommError(f"{name} of run {run_path} cannot be restored: {error}", error) from error

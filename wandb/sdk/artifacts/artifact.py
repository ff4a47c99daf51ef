"""`wandb.Artifact`: a version of a named set of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import IO, TYPE_CHECKING, Any, Literal

from wandb._native.artifacts import adding, downloading, lookup, server_changes
from wandb._native.artifacts.adding import Policy, StrPath
from wandb._native.artifacts.base import draft, logged
from wandb._native.artifacts.logged import LoggedProperties
from wandb._native.run import current
from wandb.sdk.artifacts.artifact_manifest import ArtifactManifest
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from wandb.sdk.artifacts.exceptions import ArtifactNotLoggedError
from wandb_compat.wire.artifact_versions import Entry, Version

if TYPE_CHECKING:
    from wandb.apis.public.artifacts import ArtifactCollection
    from wandb.apis.public.runs import Run
    from wandb_compat.artifacts.store import ArtifactStore
    from wandb_compat.wire.artifact_versions import Collection


class Artifact(LoggedProperties):
    """Files and references under one name, versioned by content.

    In Pluto: each file under `artifacts/NAME/PATH`, once for each content, with a manifest beside; versions and aliases
    in the runs' configurations, see [artifacts](artifacts.md). References are kept in the manifest only.

    Example:
        >>> artifact = wandb.Artifact("weights", type="model", metadata={"epoch": 3})
        >>> artifact.add_file("model.pt")
        >>> run.log_artifact(artifact, aliases=["best"]).wait().version
        'v0'
    """

    # Adding

    @draft
    def new_file(
        self,
        name: str,
        mode: str = "x",
        encoding: str | None = None,
        policy: Literal["mutable", "immutable"] = "mutable",
    ) -> AbstractContextManager[IO[Any]]:
        """Open a new file of the artifact for writing; it is added when the block ends.

        Args:
            name: path in the artifact.
            mode: as for `open`; without `x` a file of that name is replaced.
            encoding: as for `open`.
            policy: as for `add_file`.

        Raises:
            ValueError: the file is there already and `mode` has an `x`, or the path leads out of the artifact.
            IsADirectoryError: the name ends with a slash.
            ArtifactFinalizedError: the artifact is logged.
        """
        return adding.new_file(self, name, mode, encoding, policy)

    @draft
    def add_file(
        self,
        local_path: StrPath,
        name: str | None = None,
        is_tmp: bool | None = False,
        skip_cache: bool | None = False,
        policy: Policy = "mutable",
        overwrite: bool = False,
    ) -> ArtifactManifestEntry:
        """Add a file.

        Args:
            local_path: the file.
            name: path in the artifact, by default the file's own name.
            is_tmp: put the content's digest in the place of the name up to the first dot.
            skip_cache: without effect, accepted.
            policy: `mutable` keeps a copy as the file is now; `immutable` relies on its owner not to change it.
            overwrite: replace what is there under the name.

        Returns:
            The entry.

        Raises:
            ValueError: it is not a file, another content is there under the name, or the policy does not exist.
            FileNotFoundError: the path is given as bytes.
            ArtifactFinalizedError: the artifact is logged.
        """
        return adding.add_file(self, local_path, name, is_tmp, skip_cache, policy, overwrite)

    @draft
    def add_dir(
        self,
        local_path: StrPath,
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: Policy = "mutable",
        merge: bool = False,
    ) -> None:
        """Add all files of a folder and of the folders in it, through links as well.

        Args:
            local_path: the folder.
            name: folder in the artifact, by default its root.
            skip_cache: without effect, accepted.
            policy: as for `add_file`.
            merge: replace files that are there with another content.

        Raises:
            ValueError: it is not a folder, or a file is there with another content and `merge` is false.
            OSError: a file cannot be read, or a link leads nowhere or round in a circle.
            ArtifactFinalizedError: the artifact is logged.
        """
        adding.add_dir(self, local_path, name, skip_cache, policy, merge)

    @draft
    def add_reference(
        self,
        uri: ArtifactManifestEntry | str,
        name: StrPath | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> Sequence[ArtifactManifestEntry]:
        """Add a reference to data elsewhere, without a copy.

        Args:
            uri: `file://`, `http(s)://`, `s3://` or `gs://`, with a `name` any other scheme, or the entry of another
                artifact.
            name: path in the artifact, by default from the URI.
            checksum: look at the content; else its digest follows from the URI alone.
            max_objects: how many files a folder or prefix may represent.

        Returns:
            The entries.

        Raises:
            ValueError: it is not a URI, or leads to nothing.
            ArtifactFinalizedError: the artifact is logged.
        """
        return adding.add_reference(self, uri, name, checksum, max_objects)

    @draft
    def add(self, obj: Any, name: StrPath, overwrite: bool = False) -> ArtifactManifestEntry:
        """Add a table, an image or another value of wandb's; `get` gives it back.

        Args:
            obj: the value.
            name: path in the artifact; a suffix that tells the kind is put behind.
            overwrite: replace what is there.

        Returns:
            The entry.

        Raises:
            TypeError: it is not such a value.
            ArtifactFinalizedError: the artifact is logged.
        """
        return adding.add(self, obj, name, overwrite)

    def __setitem__(self, name: str, item: Any) -> ArtifactManifestEntry:
        """Add a value; see `add`."""
        return self.add(item, name)

    @draft
    def remove(self, item: StrPath | ArtifactManifestEntry) -> None:
        """Remove an entry, a path, or everything below a directory.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ArtifactFinalizedError: the artifact is logged.
        """
        adding.remove(self, item)

    def get_added_local_path_name(self, local_path: str) -> str | None:
        """Return the path in the artifact of a file that was added from `local_path`, or None."""
        return adding.get_added_local_path_name(self, local_path)

    # Downloading

    def get_path(self, name: StrPath) -> ArtifactManifestEntry:
        """Return `get_entry(name)`; wandb recommends that name now."""
        return self.get_entry(name)

    @logged
    def get_entry(self, name: StrPath) -> ArtifactManifestEntry:
        """Return the entry of a path, or of a value that was added under that name.

        Raises:
            KeyError: not found.
            ArtifactNotLoggedError: the artifact is not logged.
        """
        return downloading.get_entry(self, name)

    @logged
    def get(self, name: str) -> Any:
        """Return the value that was added under a name, or None.

        Raises:
            ArtifactNotLoggedError: the artifact is not logged.
        """
        return downloading.get_value(self, name)

    def __getitem__(self, name: str) -> Any:
        """Return a value; see `get`."""
        return self.get(name)

    @logged
    def files(self, names: list[str] | None = None, per_page: int = 50, start: str | None = None) -> Any:
        """Return the files; see `ArtifactFiles`.

        Args:
            names: the only paths to return.
            per_page, start: without effect, accepted: there is one page.
        """
        return downloading.files(self, names, per_page, start)

    @logged
    def download(
        self,
        root: StrPath | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: StrPath | None = None,
        multipart: bool | None = None,
    ) -> str:
        """Download the files; those that exist with the right content are not downloaded, other files stay.

        Args:
            root: the folder, by default `artifacts/NAME:VERSION`, below WANDB_ARTIFACT_DIR if that is set.
            allow_missing_references: pass over references that lead nowhere.
            skip_cache, multipart: without effect, accepted.
            path_prefix: only paths that begin with it.

        Returns:
            The folder.

        Raises:
            ArtifactNotLoggedError: the artifact is not logged.
            FileNotFoundError: a file or the aim of a reference is gone.
            wandb.CommError: the server could not be reached.
        """
        return downloading.download(self, root, allow_missing_references, skip_cache, path_prefix, multipart)

    @logged
    def checkout(self, root: str | None = None) -> str:
        """Download the files to a folder and delete everything else in it.

        Returns:
            The folder, by default `artifacts/NAME`.
        """
        return downloading.checkout(self, root)

    @logged
    def verify(self, root: str | None = None) -> None:
        """Check that a folder holds the artifact's files and nothing else; references are not looked at.

        Raises:
            ValueError: a file is not of the artifact, or has another content.
            FileNotFoundError: a file is missing.
        """
        downloading.verify(self, root)

    @logged
    def file(self, root: str | None = None) -> str:
        """Download the only file and return its path.

        Raises:
            ValueError: there are several.
        """
        return downloading.only_file(self, root)

    # Logging

    def save(self, project: str | None = None, settings: Any = None) -> None:
        """Log the artifact, or bring changes of a logged one to the server.

        Args:
            project: where it is logged when no run is active; a run of job type `auto` is made for it.
            settings: of that run.

        Raises:
            wandb.CommError: a change did not reach the server.
        """
        if not self.is_draft():
            server_changes.publish(self, changes=self._about())
            return
        from wandb._native.run import active_runs

        run = active_runs.latest()
        if run is not None:
            run.log_artifact(self)
            return
        with current.module().init(project=project, job_type="auto", settings=settings) as own:
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
        from wandb_compat.wire.artifact_versions import Version

        of_entry = {name: outcome[name] for name in ("time", "digest", "size", "run", "key", "manifest", "source")}
        entry = Entry(id="", order=0, version=outcome["version"], type=self._type, **of_entry)
        version = Version(outcome["version"], entry, outcome["time"], outcome["aliases"], self._tags)
        self._settle(lookup.artifact_store(self._project), version)
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
        run = current.run()
        if run is None:
            with current.module().init(project=self._project, job_type="auto") as own:
                linked: Artifact = own.link_artifact(self, target_path, list(aliases) if aliases else None)
                return linked
        return run.link_artifact(self, target_path, list(aliases) if aliases else None)

    # The logged version

    @property
    @logged
    def source_artifact(self) -> Artifact:
        """The version that this is a link to, or itself."""
        return (
            self._at_version(lookup.Name.parse(self.source_name, self._entity or "", self._project or ""))
            if self._is_link
            else self
        )

    @property
    @logged
    def url(self) -> str:
        """The page of the run that made the version: Pluto has no pages for artifacts."""
        return server_changes.url(self)

    @property
    @logged
    def collection(self) -> ArtifactCollection:
        """The name that this version shares with others, of a link that of the link."""
        return server_changes.collection(self, self.name)

    @property
    @logged
    def source_collection(self) -> ArtifactCollection:
        """The name under which the version was logged."""
        return server_changes.collection(self, self.source_name)

    @property
    @logged
    def linked_artifacts(self) -> list[Artifact]:
        """The links to this version, none of a link; finding them reads the details of all runs of the project."""
        return server_changes.linked_artifacts(self)

    @logged
    def logged_by(self) -> Run | None:
        """Return the run that made the version, or None when it is deleted.

        Raises:
            wandb.CommError: the server cannot be asked.
        """
        return server_changes.logged_by(self)

    @logged
    def used_by(self) -> list[Run]:
        """Return the runs that have taken the version or a link to it with `use_artifact`; slow, see
        `linked_artifacts`.

        Raises:
            wandb.CommError: the server cannot be asked.
        """
        return server_changes.used_by(self)

    @logged
    def delete(self, delete_aliases: bool = False) -> None:
        """Delete the version: it is found no more, and its number is not given again. A link is only unlinked.

        A Pluto server deletes files only with the run that they belong to: until then the bytes stay there.

        Args:
            delete_aliases: delete it though it has aliases, `latest` too.

        Raises:
            wandb.CommError: it has aliases and `delete_aliases` is false, or the server cannot be reached.
        """
        server_changes.delete(self, delete_aliases)

    @logged
    def unlink(self) -> None:
        """Take a link away; the version that it leads to stays.

        Raises:
            ValueError: it is not a link.
            wandb.CommError: the server cannot be reached.
        """
        server_changes.unlink(self)

    @classmethod
    def _of(cls, entity: str, store: ArtifactStore, collection: Collection, version: Version) -> Artifact:
        """Return the artifact of a version on the server."""
        artifact = cls.__new__(cls)
        artifact.__init__("unnamed", "unspecified")  # type: ignore[misc]
        artifact._name, artifact._type, artifact._entity = collection.name, version.entry.type, entity
        artifact._settle(store, version)
        artifact._load()
        return artifact

    def _download_entry(self, entry: ArtifactManifestEntry, root: StrPath | None) -> str:
        return downloading.download_entries(self, [entry], downloading.download_root(self, root), False)[0]

    def _at_version(self, wanted: lookup.Name) -> Artifact:
        """Return another logged artifact of the same server."""
        return Artifact._of(wanted.entity, *lookup.find(wanted))


class InternalArtifact(Artifact):
    """An artifact of a type that wandb keeps for itself, such as `code`."""

    _check_type = staticmethod(lambda type, name: type)

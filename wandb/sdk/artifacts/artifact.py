"""`wandb.Artifact`: a version of a named set of files."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import time
from typing import IO, TYPE_CHECKING, Any, Literal, TypeVar
from uuid import uuid4

from wandb import _absent
from wandb.errors import CommError
from wandb.errors.term import termerror, termlog, termwarn
from wandb.sdk.artifacts import digests, naming, references
from wandb.sdk.artifacts.artifact_manifest import ArtifactManifest
from wandb.sdk.artifacts.artifact_manifest_entry import SCHEME, ArtifactManifestEntry
from wandb.sdk.artifacts.artifact_state import ArtifactState
from wandb.sdk.artifacts.artifact_ttl import ArtifactTTL
from wandb.sdk.artifacts.exceptions import ArtifactFinalizedError, ArtifactNotLoggedError
from wandb_compat import staging

if TYPE_CHECKING:
    from wandb.sdk.artifacts.store import Awaited
    from wandb_compat.artifacts import Collection, Shelf, Version

DOWNLOADERS = 8  # files that are fetched at once
StrPath = str | os.PathLike[str]
Policy = Literal["mutable", "immutable"] | None
Method = TypeVar("Method", bound=Callable[..., Any])


def _logged(method: Method) -> Method:
    """Let a method refuse as long as the artifact is not logged."""

    @functools.wraps(method)
    def checked(self: Artifact, *args: Any, **kwargs: Any) -> Any:
        if self.is_draft():
            raise ArtifactNotLoggedError(f"Artifact.{method.__name__}", self)
        return method(self, *args, **kwargs)

    return checked  # type: ignore[return-value]


def _draft(method: Method) -> Method:
    """Let a method refuse once the artifact is final."""

    @functools.wraps(method)
    def checked(self: Artifact, *args: Any, **kwargs: Any) -> Any:
        if self._final:
            raise ArtifactFinalizedError(f"Artifact.{method.__name__}", self)
        return method(self, *args, **kwargs)

    return checked  # type: ignore[return-value]


class Artifact:
    """Files and references under one name, versioned by content.

    In Pluto: each file under `artifacts/NAME/PATH`, once for each content, with a manifest beside; versions and aliases
    in the runs' configurations, see [artifacts](artifacts.md). References are kept in the manifest only. Lost: the step
    of logging, and who has used an artifact.

    Example:
        >>> artifact = wandb.Artifact("weights", type="model", metadata={"epoch": 3})
        >>> artifact.add_file("model.pt")
        >>> run.log_artifact(artifact, aliases=["best"]).wait().version
        'v0'
    """

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        incremental: bool = False,
        use_as: str | None = None,
        storage_region: str | None = None,
        digest_algorithm: Literal["MD5", "XXH128"] = "MD5",
    ) -> None:
        """Make an empty artifact.

        Args:
            name: letters, digits, `-`, `_` and `.`; versions of one name make a collection.
            type: what it is: `dataset`, `model`…
            description: free text.
            metadata: at most a hundred keys, values as JSON has them.
            incremental: add to the latest version instead of starting empty.
            use_as, storage_region: without effect, accepted.
            digest_algorithm: how file contents are told apart; XXH128 needs the package xxhash.

        Raises:
            ValueError: name, type or metadata cannot be used.
        """
        self._name = naming.check_name(name)
        if incremental:
            termwarn("Using experimental arg `incremental`")
        self._type = self._check_type(type, name)
        self._description = description
        self._metadata = naming.check_metadata(metadata)
        self._incremental = incremental
        self._base: str | None = "latest" if incremental else None
        self._digest_algorithm = digest_algorithm if digest_algorithm == "XXH128" else "MD5"
        self._manifest: ArtifactManifest | None = ArtifactManifest(digest_algorithm=self._digest_algorithm)
        self._ttl_seconds: int | None = None
        self._ttl_inherited = True
        self._ttl_changed = False
        self._aliases: list[str] = []
        self._tags: list[str] = []
        self._distributed_id: str | None = None
        self._state = ArtifactState.PENDING
        self._final = False
        self._folder: Path | None = None
        self._added_local_paths: dict[str, ArtifactManifestEntry] = {}
        self._added_objs: dict[int, tuple[Any, ArtifactManifestEntry]] = {}
        self._roots: set[str] = set()
        self._record: str | None = None  # of the run that has logged it
        self._awaited: Awaited | None = None
        self._entity: str | None = None
        self._project: str | None = None
        self._shelf: Shelf | None = None
        self._version: Version | None = None
        self._is_link = False

    _check_type = staticmethod(naming.check_type)

    def __repr__(self) -> str:
        return f"<Artifact {self.id or self.name}>"

    # What goes in

    @_draft
    @contextlib.contextmanager
    def new_file(
        self,
        name: str,
        mode: str = "x",
        encoding: str | None = None,
        policy: Literal["mutable", "immutable"] = "mutable",
    ) -> Iterator[IO[Any]]:
        """Open a new file of the artifact for writing; it is added when the block ends.

        Args:
            name: path in the artifact.
            mode: as for `open`; without `x` a file of that name is replaced.
            encoding: as for `open`.
            policy: as for `add_file`.

        Raises:
            ValueError: the file is there already and `mode` has an `x`, or the path leads out of the artifact.
            ArtifactFinalizedError: the artifact is logged.
        """
        naming.check_path(name)
        path = self._own_folder() / "new" / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open(mode, encoding=encoding) as stream:
                yield stream
        except FileExistsError:
            raise ValueError(f"File with name {name!r} already exists at {str(path)!r}") from None
        except UnicodeEncodeError as error:
            termerror(f"{name} cannot be written ({error}); give `encoding=`")
            raise
        self.add_file(str(path), name=name, policy=policy, skip_cache=True, overwrite="x" not in mode)

    @_draft
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
            ValueError: it is no file, another content is there under the name, or the policy does not exist.
            ArtifactFinalizedError: the artifact is logged.
        """
        if not os.path.isfile(local_path):  # noqa: PTH113
            raise ValueError(f"Path is not a file: {local_path!r}")
        path = naming.logical_path(name or os.path.basename(local_path))  # noqa: PTH119
        if is_tmp:
            folder, _, last = path.rpartition("/")
            digest = digests.to_hex(digests.of_file(local_path, self._digest_algorithm))[:20]
            path = "/".join(part for part in (folder, ".".join([digest, *last.split(".")[1:]])) if part)
        return self._add_local(path, local_path, policy, overwrite, bool(skip_cache))

    @_draft
    def add_dir(
        self,
        local_path: StrPath,
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: Policy = "mutable",
        merge: bool = False,
    ) -> None:
        """Add all files of a folder and of the folders in it, once each however links may lead round.

        Args:
            local_path: the folder.
            name: folder in the artifact, by default its root.
            skip_cache: without effect, accepted.
            policy: as for `add_file`.
            merge: replace files that are there with another content.

        Raises:
            ValueError: it is no folder, or a file is there with another content and `merge` is false.
            ArtifactFinalizedError: the artifact is logged.
        """
        if not os.path.isdir(local_path):  # noqa: PTH112
            raise ValueError(f"Path is not a directory: {local_path!r}")
        termlog(f"Adding directory to artifact ({os.path.join('.', local_path)})...")  # noqa: PTH118
        for file in _files_below(Path(local_path)):
            inside = os.path.join(name or "", os.path.relpath(file, local_path))  # noqa: PTH118
            self._add_local(inside, file, policy, merge, bool(skip_cache))

    @_draft
    def add_reference(
        self,
        uri: ArtifactManifestEntry | str,
        name: StrPath | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> Sequence[ArtifactManifestEntry]:
        """Add what lies elsewhere without taking a copy.

        Args:
            uri: `file://`, `http(s)://`, `s3://` or `gs://`, with a `name` any other scheme, or the entry of another
                artifact.
            name: path in the artifact, by default from the URI.
            checksum: look at the content; else its digest follows from the URI alone.
            max_objects: how many files a folder or prefix may stand for.

        Returns:
            The entries.

        Raises:
            ValueError: it is no URI, or leads to nothing.
            ArtifactFinalizedError: the artifact is logged.
        """
        path = None if name is None else naming.logical_path(name)
        if isinstance(uri, str) and uri.startswith(f"{SCHEME}://"):
            uri = _entry_behind(uri)
        if isinstance(uri, ArtifactManifestEntry):
            path = path or uri.path.rpartition("/")[2]
            entry = ArtifactManifestEntry(path=path, digest=uri.digest, ref=uri.ref_url(), size=uri.size)
            entry._place = dict(uri._place)
            entries = [entry]
        else:
            if "://" not in uri and ":" not in uri:
                raise ValueError("References must be URIs. To reference a local file, use file://")
            entries = references.describe(uri, path, checksum, max_objects)
        for entry in entries:
            self.manifest.add_entry(entry)
        return entries

    @_draft
    def add(self, obj: Any, name: StrPath, overwrite: bool = False) -> ArtifactManifestEntry:
        """Add a table, an image or another value of wandb's; `get` gives it back.

        Args:
            obj: the value.
            name: path in the artifact; a suffix that tells the kind is put behind.
            overwrite: replace what is there.

        Returns:
            The entry.

        Raises:
            TypeError: it is no such value.
            ArtifactFinalizedError: the artifact is logged.
        """
        from wandb.sdk.data_types.base_types.wb_value import WBValue

        if not isinstance(obj, WBValue):
            raise TypeError(f"Found object of type {obj.__class__}, expected a table, an image or another wandb value")
        if id(obj) in self._added_objs:
            return self._added_objs[id(obj)][1]
        document = obj.to_json(self)
        path = naming.logical_path(obj.with_suffix(naming.logical_path(name)))
        known = self.manifest.get_entry_by_path(path)
        if known is not None and not overwrite:
            return known
        file = self._own_folder() / "objects" / uuid4().hex / path
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(document, sort_keys=True), encoding="utf-8")
        entry = self.add_file(str(file), path, is_tmp=path.startswith("media/tables"), overwrite=overwrite)
        self._added_objs[id(obj)] = (obj, entry)  # kept, or its id could be another's
        return entry

    def __setitem__(self, name: str, item: Any) -> ArtifactManifestEntry:
        """Add a value; see `add`."""
        return self.add(item, name)

    def _add_local(
        self, path: StrPath, source: StrPath, policy: Policy, overwrite: bool, skip_cache: bool
    ) -> ArtifactManifestEntry:
        if (policy or "mutable") not in ("mutable", "immutable"):
            raise ValueError(f"Invalid policy {policy!r}. Policy may only be `mutable` or `immutable`.")
        kept = Path(source)
        if policy != "immutable":
            kept = self._own_folder() / uuid4().hex
            shutil.copyfile(source, kept)
        xxh = self._digest_algorithm == "XXH128"
        entry = ArtifactManifestEntry(
            path=path,
            digest=digests.of_file(kept, self._digest_algorithm),
            size=kept.stat().st_size,
            local_path=kept.absolute(),
            skip_cache=skip_cache,
            extra={digests.ALGORITHM: "XXH128"} if xxh else {},
        )
        self.manifest.add_entry(entry, overwrite=overwrite)
        self._added_local_paths[os.fspath(source)] = entry
        return entry

    def _own_folder(self) -> Path:
        """Return the folder for copies, which goes when the artifact or the process does."""
        if self._folder is None:
            from wandb.sdk.artifacts.store import staging_folder

            self._folder = Path(tempfile.mkdtemp(dir=staging_folder()))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    @_draft
    def remove(self, item: StrPath | ArtifactManifestEntry) -> None:
        """Remove an entry, a path, or all that lies in a folder.

        Raises:
            FileNotFoundError: there is nothing of that name.
            ArtifactFinalizedError: the artifact is logged.
        """
        if isinstance(item, ArtifactManifestEntry):
            self.manifest.remove_entry(item)
            return
        path = naming.logical_path(item)
        entry = self.manifest.get_entry_by_path(path)
        found = [entry] if entry is not None else self.manifest.get_entries_in_directory(path)
        if not found:
            raise FileNotFoundError(f"No such file or directory: {path}")
        for entry in found:
            self.manifest.remove_entry(entry)

    def get_added_local_path_name(self, local_path: str) -> str | None:
        """Return the path in the artifact of a file that was added from `local_path`, or None."""
        entry = self._added_local_paths.get(local_path)
        return entry.path if entry is not None else None

    # What it is

    @property
    def type(self) -> str:
        """What the artifact is: `dataset`, `model`…"""
        return self._type

    @property
    def name(self) -> str:
        """The name; of a logged artifact with its version, as `name:v3`."""
        return self._name

    @property
    def id(self) -> str | None:
        """An opaque text that names the version, or None before it is logged."""
        if self._version is None:
            return None
        return base64.b64encode(f"{self._project}/{self._name}".encode()).decode()

    @property
    def manifest(self) -> ArtifactManifest:
        """What the artifact holds."""
        if self._manifest is None:
            self._load()
        assert self._manifest is not None
        return self._manifest

    @property
    def digest(self) -> str:
        """The digest of paths and contents; equal to wandb's for equal content."""
        return self._version.entry.digest if self._version is not None else self.manifest.digest()

    @property
    def digest_algorithm(self) -> str:
        """`MD5` or `XXH128`."""
        return self._digest_algorithm

    @property
    def size(self) -> int:
        """Bytes of all files and of the references whose size is known."""
        return self.manifest.size()

    @property
    def description(self) -> str | None:
        """Free text; can be set, which reaches a logged artifact with `save`."""
        return self._description

    @description.setter
    def description(self, description: str | None) -> None:
        self._description = description

    @property
    def metadata(self) -> dict[str, Any]:
        """Values of the user; can be set and changed, which reaches a logged artifact with `save`."""
        return self._metadata

    @metadata.setter
    def metadata(self, metadata: dict[str, Any]) -> None:
        self._metadata = naming.check_metadata(metadata)

    @property
    def ttl(self) -> timedelta | None:
        """How long the artifact shall live. Kept with it; a Pluto server deletes nothing on its own.

        Raises:
            ArtifactNotLoggedError: nothing was set, and the artifact is not logged.
        """
        if self._ttl_inherited and (self.is_draft() or self._ttl_changed):
            raise ArtifactNotLoggedError("Artifact.ttl", self)
        return None if self._ttl_seconds is None else timedelta(seconds=self._ttl_seconds)

    @ttl.setter
    def ttl(self, ttl: timedelta | ArtifactTTL | None) -> None:
        self._ttl_changed = True
        self._ttl_inherited = isinstance(ttl, ArtifactTTL)
        if isinstance(ttl, timedelta) and ttl.total_seconds() <= 0:
            raise ValueError(f"Artifact TTL Duration has to be positive. ttl: {ttl.total_seconds()}")
        self._ttl_seconds = int(ttl.total_seconds()) if isinstance(ttl, timedelta) else None

    @property
    def incremental(self) -> bool:
        """Whether the artifact adds to the latest version."""
        return self._incremental

    @property
    def use_as(self) -> str | None:
        """None: wandb no longer uses it."""
        return None

    @property
    def state(self) -> str:
        """`PENDING` until the server is known to have it, then `COMMITTED`."""
        return self._state.value

    @property
    def distributed_id(self) -> str | None:
        """What the parts of an artifact have in common that several runs make; can be set."""
        return self._distributed_id

    @distributed_id.setter
    def distributed_id(self, distributed_id: str | None) -> None:
        self._distributed_id = distributed_id

    @property
    def is_link(self) -> bool:
        """Whether this is another name for a version of another collection."""
        return self._is_link

    def is_draft(self) -> bool:
        """Return whether the artifact is not known to be on the server."""
        return self._state is ArtifactState.PENDING

    def finalize(self) -> None:
        """Allow no further change of what the artifact holds; logging it does the same."""
        self._final = True

    # What a logged one is

    @property
    @_logged
    def version(self) -> str:
        """The version, as `v3`."""
        return f"v{self._known.number}"

    @property
    @_logged
    def aliases(self) -> list[str]:
        """Names of the version such as `latest`; can be set and changed, which takes effect with `save`."""
        return self._aliases

    @aliases.setter
    def aliases(self, aliases: list[str]) -> None:
        if self.is_draft():
            raise ArtifactNotLoggedError("Artifact.aliases", self)
        self._aliases = naming.check_aliases(aliases)

    @property
    @_logged
    def tags(self) -> list[str]:
        """Tags of the version; can be set and changed, which takes effect with `save`."""
        return self._tags

    @tags.setter
    def tags(self, tags: list[str]) -> None:
        if self.is_draft():
            raise ArtifactNotLoggedError("Artifact.tags", self)
        self._tags = naming.check_tags(tags)

    @property
    @_logged
    def entity(self) -> str:
        """The wandb entity that was named when logging or looking up; Pluto's organisation follows from the key."""
        return self._entity or ""

    @property
    @_logged
    def project(self) -> str:
        """The project."""
        return self._project or ""

    @property
    def qualified_name(self) -> str:
        """`entity/project/name:version`."""
        return f"{self.entity}/{self.project}/{self.name}"

    @property
    @_logged
    def source_entity(self) -> str:
        """The entity of the version that this is a link to, or its own."""
        return self.entity

    @property
    @_logged
    def source_project(self) -> str:
        """The project of the version that this is a link to, or its own."""
        return self.project

    @property
    def source_name(self) -> str:
        """The name with version that this is a link to, or its own."""
        return (self._version.entry.source or self._name) if self._version is not None else self._name

    @property
    @_logged
    def source_qualified_name(self) -> str:
        """`entity/project/name:version` of the version that this is a link to, or its own."""
        return f"{self.entity}/{self.project}/{self.source_name}"

    @property
    @_logged
    def source_version(self) -> str:
        """The version that this is a link to, or its own."""
        return self.source_name.rpartition(":")[2]

    @property
    @_logged
    def source_artifact(self) -> Artifact:
        """The version that this is a link to, or itself."""
        return self._named(self.source_name) if self._is_link else self

    @property
    @_logged
    def file_count(self) -> int:
        """How many files and references the artifact has."""
        return len(self.manifest)

    @property
    @_logged
    def created_at(self) -> str:
        """When the version was made, in UTC."""
        return datetime.fromtimestamp(self._known.entry.time / 1000, timezone.utc).isoformat().replace("+00:00", "Z")

    @property
    @_logged
    def updated_at(self) -> str:
        """When the version was made: later changes are not dated."""
        return self.created_at

    @property
    @_logged
    def url(self) -> str:
        """The page of the run that made the version: Pluto has no pages for artifacts."""
        details = self._server.client.details(self._known.entry.run, self._server.project)
        return str(details.get("url") or "")

    @property
    @_logged
    def commit_hash(self) -> str:
        """The digest."""
        return self.digest

    @property
    @_logged
    def history_step(self) -> int | None:
        """None: the step of logging is not kept."""
        return None

    @property
    @_logged
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

    @_logged
    def logged_by(self) -> Any:
        """Not available yet."""
        _absent.refuse("wandb.Artifact.logged_by()")

    @_logged
    def used_by(self) -> list[Any]:
        """Not available yet."""
        _absent.refuse("wandb.Artifact.used_by()")

    @_logged
    def delete(self, delete_aliases: bool = False) -> None:
        """Not available: files of a run can only be deleted on the Pluto server, with the run."""
        _absent.refuse("wandb.Artifact.delete()")

    @_logged
    def unlink(self) -> None:
        """Not available: see `delete`."""
        _absent.refuse("wandb.Artifact.unlink()")

    def json_encode(self) -> dict[str, Any]:
        """Return what stands for the artifact in a configuration."""
        return {"_type": "artifactVersion", "_version": "v0", "id": self.id, "version": self.source_version,
                "sequenceName": self.source_name.partition(":")[0], "usedAs": None}  # fmt: skip

    # To and from the server

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
        from wandb.sdk.lib import active_runs

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
            timeout: seconds. By default as long as the courier is sending, and 30 s for a server that is away.

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
        from wandb.sdk.artifacts.store import shelf
        from wandb_compat.artifacts import Entry, Version

        of_entry = {name: outcome[name] for name in ("time", "digest", "size", "run", "key", "manifest", "source")}
        entry = Entry(id="", order=0, version=outcome["version"], type=self._type, **of_entry)
        self._settle(shelf(self._project), Version(outcome["version"], entry, outcome["aliases"], self._tags))
        self._manifest = None  # what it builds on is known to the server only

    def _settle(self, shelf: Shelf, version: Version) -> None:
        self._shelf, self._version = shelf, version
        self._project = shelf.project
        self._name = f"{self._name.partition(':')[0]}:v{version.number}"
        self._aliases, self._tags = list(version.aliases), list(version.tags)
        self._state, self._final = ArtifactState.COMMITTED, True
        self._is_link = version.entry.source not in (None, self._name)

    @classmethod
    def _of(cls, entity: str, shelf: Shelf, collection: Collection, version: Version) -> Artifact:
        """Return the artifact that stands for a version on the server."""
        artifact = cls.__new__(cls)
        Artifact.__init__(artifact, "unnamed", "unspecified")
        artifact._name, artifact._type, artifact._entity = collection.name, version.entry.type, entity
        artifact._settle(shelf, version)
        artifact._load()
        return artifact

    def _named(self, text: str) -> Artifact:
        from wandb.sdk.artifacts import store

        wanted = store.Name.parse(text, self._entity or "", self._project or "")
        return Artifact._of(wanted.entity, *store.find(wanted))

    @property
    def _known(self) -> Version:
        assert self._version is not None
        return self._version

    @property
    def _server(self) -> Shelf:
        assert self._shelf is not None
        return self._shelf

    def _load(self) -> None:
        """Read the manifest of the version."""
        from wandb_compat.wire.client import WireError

        try:
            document = self._server.manifest(self._known.entry)
        except WireError as error:
            raise CommError(f"the manifest of artifact {self.name} cannot be read: {error}", error) from error
        about = {**document.get("artifact", {}), **self._known.changes}
        self._digest_algorithm = about.get("digest_algorithm", "MD5")
        self._manifest = ArtifactManifest.from_manifest_json(document, self._digest_algorithm)
        self._description = about.get("description")
        self._metadata = about.get("metadata") or {}
        self._ttl_seconds, self._ttl_inherited = about.get("ttl"), False

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

    def _about(self) -> dict[str, Any]:
        return {
            "description": self._description,
            "metadata": naming.check_metadata(self._metadata),
            "ttl": self._ttl_seconds,
        }

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

    # What comes out

    def get_path(self, name: StrPath) -> ArtifactManifestEntry:
        """Return `get_entry(name)`; wandb recommends that name now."""
        return self.get_entry(name)

    @_logged
    def get_entry(self, name: StrPath) -> ArtifactManifestEntry:
        """Return the entry of a path, or of a value that was added under that name.

        Raises:
            KeyError: there is none.
            ArtifactNotLoggedError: the artifact is not logged.
        """
        path = naming.logical_path(name)
        entry = self.manifest.entries.get(path) or self._value_entry(path)[0]
        if entry is None:
            raise KeyError(f"Path not contained in artifact: {path}")
        entry._parent_artifact = self
        return entry

    @_logged
    def get(self, name: str) -> Any:
        """Return the value that was added under a name, or None.

        Raises:
            ArtifactNotLoggedError: the artifact is not logged.
        """
        entry, kind = self._value_entry(name)
        if entry is None or kind is None:
            return None
        root = self.download()  # a table may refer to its neighbours
        document = json.loads(Path(root, entry.path).read_text(encoding="utf-8"))
        return kind.from_json(document, self)

    def __getitem__(self, name: str) -> Any:
        """Return a value; see `get`."""
        return self.get(name)

    def _value_entry(self, name: str) -> tuple[ArtifactManifestEntry | None, Any]:
        from wandb.data_types import WBValue  # all kinds, not only those that the script has used

        for kind in WBValue.type_mapping().values():
            entry = self.manifest.entries.get(kind.with_suffix(name))
            if entry is not None:
                return entry, kind
        return None, None

    @_logged
    def files(self, names: list[str] | None = None, per_page: int = 50, start: str | None = None) -> Any:
        """Return the files; see `ArtifactFiles`.

        Args:
            names: the only paths to return.
            per_page, start: without effect, accepted: there is one page.
        """
        from wandb.sdk.artifacts.artifact_files import ArtifactFiles

        return ArtifactFiles(self, names)

    @_logged
    def download(
        self,
        root: StrPath | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: StrPath | None = None,
        multipart: bool | None = None,
    ) -> str:
        """Bring the files to disk; what is there with the right content is left alone, other files stay.

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
        from wandb.sdk.artifacts.store import announce_large

        folder = self._download_root(root)
        prefix = "" if path_prefix is None else os.fspath(path_prefix)
        entries = [entry for path, entry in self.manifest.entries.items() if path.startswith(prefix)]
        announce_large(self.name, len(entries), sum(entry.size or 0 for entry in entries))
        self._download_entries(entries, folder, allow_missing_references)
        return folder

    def _download_root(self, root: StrPath | None) -> str:
        folder = os.fspath(root) if root else self._default_root()
        self._roots.add(os.path.abspath(folder))  # noqa: PTH100
        return folder

    def _default_root(self, include_version: bool = True) -> str:
        name = self.source_name if include_version else self.source_name.partition(":")[0]
        if os.name == "nt":
            name = name.replace(":", "-")
        base = os.environ.get("WANDB_ARTIFACT_DIR") or os.path.join(".", "artifacts")  # noqa: PTH118
        return os.path.join(os.path.abspath(base), name)  # noqa: PTH100, PTH118

    def _download_entries(self, entries: list[ArtifactManifestEntry], root: str, missing: bool) -> list[str]:
        from wandb_compat.wire.client import WireError

        paths = [Path(root, naming.check_path(entry.path)) for entry in entries]
        Path(root).mkdir(parents=True, exist_ok=True)
        wanted = [(entry, path) for entry, path in zip(entries, paths, strict=True) if not entry.is_at(path)]
        held = [(entry, path) for entry, path in wanted if entry._place]
        try:
            places = [(one._place["run"], one._place["key"], one._place["file"]) for one, _ in held]
            urls = self._server.urls(places)
            with ThreadPoolExecutor(DOWNLOADERS, thread_name_prefix="wandb-compat-download") as pool:
                tasks = [
                    pool.submit(self._server.client.download, url, path)
                    for url, (_, path) in zip(urls, held, strict=True)
                ]
                for task in tasks:
                    task.result()
        except WireError as error:
            raise CommError(f"artifact {self.name} cannot be downloaded: {error}", error) from error
        for entry, path in wanted:
            if not entry._place:
                try:
                    references.fetch(entry, path)
                except FileNotFoundError as error:
                    if not missing:
                        raise
                    termwarn(str(error))
        return list(map(str, paths))

    @_logged
    def checkout(self, root: str | None = None) -> str:
        """Bring the files to a folder and delete whatever else is in it.

        Returns:
            The folder, by default `artifacts/NAME`.
        """
        root = root or self._default_root(include_version=False)
        for file in _files_below(Path(root)):
            if naming.logical_path(os.path.relpath(file, root)) not in self.manifest.entries:
                file.unlink()
        return self.download(root=root)

    @_logged
    def verify(self, root: str | None = None) -> None:
        """Check that a folder holds the artifact's files and nothing else; references are not looked at.

        Raises:
            ValueError: a file is not of the artifact, or has another content.
            FileNotFoundError: a file is missing.
        """
        root = root or self._default_root()
        for file in _files_below(Path(root)):
            if naming.logical_path(os.path.relpath(file, root)) not in self.manifest.entries:
                raise ValueError(f"Found file {file} which is not a member of artifact {self.name}")
        skipped = 0
        for entry in self.manifest.entries.values():
            if entry.ref is not None:
                skipped += 1
            elif digests.of_file(Path(root, naming.check_path(entry.path)), entry.digest_algorithm()) != entry.digest:
                raise ValueError(f"Digest mismatch for file: {entry.path}")
        if skipped:
            termwarn(f"skipped verification of {skipped} refs")

    @_logged
    def file(self, root: str | None = None) -> str:
        """Bring the only file to disk and return its path.

        Raises:
            ValueError: there are several.
        """
        if len(self.manifest) > 1:
            raise ValueError(
                "This artifact contains more than one file, call `.download()` to get all files or call "
                '.get_entry("filename").download()'
            )
        return self.get_entry(next(iter(self.manifest.entries))).download(root)


class InternalArtifact(Artifact):
    """An artifact of a type that wandb keeps for itself, such as `code`."""

    _check_type = staticmethod(lambda type, name: type)


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, through links as well; a link that leads nowhere is said."""
    for path in staging.below(folder):
        if path.exists():
            yield path
        else:
            termwarn(f"{path} is a link that leads nowhere; it is left out")


def _entry_behind(uri: str) -> ArtifactManifestEntry:
    """Return the entry that a `wandb-artifact://` reference names."""
    from wandb.sdk.artifacts import store

    id_, _, path = uri.removeprefix(f"{SCHEME}://").partition("/")
    try:
        wanted = store.Name.parse(bytes.fromhex(id_).decode(), "", "")
    except ValueError:
        raise ValueError(f"{uri!r} names no artifact; take it from artifact.get_entry(path).ref_url()") from None
    return Artifact._of("", *store.find(wanted)).get_entry(path)

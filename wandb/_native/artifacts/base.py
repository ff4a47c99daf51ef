"""What an artifact is called and what it is, before and after it is logged."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from wandb._native.artifacts import naming
from wandb.errors import CommError
from wandb.errors.term import termwarn
from wandb.sdk.artifacts.artifact_manifest import ArtifactManifest
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from wandb.sdk.artifacts.artifact_state import ArtifactState
from wandb.sdk.artifacts.artifact_ttl import ArtifactTTL
from wandb.sdk.artifacts.exceptions import ArtifactFinalizedError, ArtifactNotLoggedError

if TYPE_CHECKING:
    from wandb._native.artifacts.lookup import Awaited
    from wandb.sdk.wandb_run import Run
    from wandb_compat.artifacts.store import ArtifactStore
    from wandb_compat.wire.artifact_versions import Version

Method = TypeVar("Method", bound=Callable[..., Any])


def logged(method: Method) -> Method:
    """Let a method refuse as long as the artifact is not logged."""

    @functools.wraps(method)
    def checked(self: ArtifactBase, *args: Any, **kwargs: Any) -> Any:
        if self.is_draft():
            raise ArtifactNotLoggedError(f"Artifact.{method.__name__}", self)
        return method(self, *args, **kwargs)

    return checked  # type: ignore[return-value]


def draft(method: Method) -> Method:
    """Let a method refuse once the artifact is final."""

    @functools.wraps(method)
    def checked(self: ArtifactBase, *args: Any, **kwargs: Any) -> Any:
        if self._final:
            raise ArtifactFinalizedError(f"Artifact.{method.__name__}", self)
        return method(self, *args, **kwargs)

    return checked  # type: ignore[return-value]


class ArtifactBase:
    """State of an artifact, and the properties that it has before it is logged."""

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
            digest_algorithm: how file contents are identified; XXH128 needs the package xxhash.

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
        self._run: Run | None = None  # that logged or used it: tells the entity if none was named
        self._project: str | None = None
        self._store: ArtifactStore | None = None
        self._version: Version | None = None
        self._is_link = False
        self._step: int | None = None

    _check_type = staticmethod(naming.check_type)

    def __repr__(self) -> str:
        return f"<Artifact {self.id or self.name}>"

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

    # The server's side of it

    def _settle(self, store: ArtifactStore, version: Version) -> None:
        self._store, self._version = store, version
        self._project = store.project
        self._name = f"{self._name.partition(':')[0]}:v{version.number}"
        self._aliases, self._tags = list(version.aliases), list(version.tags)
        self._state, self._final = ArtifactState.COMMITTED, True
        self._is_link = version.entry.source not in (None, self._name)

    @property
    def _known(self) -> Version:
        assert self._version is not None
        return self._version

    @property
    def _server(self) -> ArtifactStore:
        assert self._store is not None
        return self._store

    def _load(self) -> None:
        """Read the manifest of the version."""
        from wandb_compat.wire.errors import WireError

        try:
            document = self._server.manifest(self._known.entry)
        except WireError as error:
            raise CommError(f"the manifest of artifact {self.name} cannot be read: {error}", error) from error
        about = {**document.get("artifact", {}), **self._known.changes}
        self._digest_algorithm = about.get("digest_algorithm", "MD5")
        self._manifest = ArtifactManifest.from_manifest_json(document, self._digest_algorithm)
        self._description = about.get("description")
        self._metadata = about.get("metadata") or {}
        self._step = about.get("step")
        self._ttl_seconds, self._ttl_inherited = about.get("ttl"), False

    def _about(self) -> dict[str, Any]:
        return {
            "description": self._description,
            "metadata": naming.check_metadata(self._metadata),
            "ttl": self._ttl_seconds,
        }

"""One path of an artifact: what it holds and where its bytes are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from wandb._native.artifacts import digests
from wandb._native.artifacts.naming import check_path, logical_path

if TYPE_CHECKING:
    from wandb.sdk.artifacts.artifact import Artifact

SCHEME = "wandb-artifact"  # of references to the entries of other artifacts
FETCHED_SCHEMES = ("file", "http", "https", "s3", "gs")  # of references that can be downloaded


class ArtifactManifestEntry:
    """A path in an artifact with digest and size, and for a reference its URI; artifacts make them."""

    def __init__(
        self,
        *,
        path: str | os.PathLike[str],
        digest: str,
        ref: str | None = None,
        birthArtifactID: str | None = None,
        size: int | None = None,
        extra: dict[str, Any] | None = None,
        local_path: str | os.PathLike[str] | None = None,
        skip_cache: bool = False,
    ) -> None:
        self.path = logical_path(path)
        self.digest = digest
        self.ref = ref
        self.birth_artifact_id = birthArtifactID
        self.extra = dict(extra or {})
        self.local_path = os.fspath(local_path) if local_path else None
        self.size = Path(self.local_path).stat().st_size if size is None and self.local_path else size
        self.skip_cache = skip_cache
        self._place: dict[str, Any] = {}  # run, key and file: where the bytes lie on the server
        self._parent_artifact: Artifact | None = None

    def __repr__(self) -> str:
        shown = {name: value for name, value in self.to_json().items() if name != "extra" or value}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArtifactManifestEntry) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    @property
    def name(self) -> str:
        """The path, by the name that wandb no longer recommends."""
        return self.path

    def parent_artifact(self) -> Artifact:
        """Return the artifact that the entry was taken from.

        Raises:
            NotImplementedError: it was taken from none.
        """
        if self._parent_artifact is None:
            raise NotImplementedError("The entry belongs to no artifact; take it from artifact.get_entry(path)")
        return self._parent_artifact

    def digest_algorithm(self) -> str:
        """Return `MD5` or `XXH128`."""
        return str(self.extra.get(digests.ALGORITHM, "MD5"))

    def download(
        self, root: str | os.PathLike[str] | None = None, skip_cache: bool | None = None, executor: Any = None
    ) -> str:
        """Bring the entry's bytes to disk, unless they are there.

        Args:
            root: folder for the artifact; by default `artifacts/NAME:VERSION`.
            skip_cache, executor: without effect, accepted: artifacts have no cache.

        Returns:
            The path of the file.

        Raises:
            ValueError: a reference leads to something else than what was added.
            FileNotFoundError: the server, or the place that a reference names, no longer has it.
        """
        return self.parent_artifact()._download_entry(self, root)

    def is_at(self, path: Path) -> bool:
        """Whether a file has the entry's content."""
        return path.is_file() and digests.of_file(path, self.digest_algorithm()) == self.digest

    def ref_target(self) -> str:
        """Return the URI of a reference.

        Raises:
            ValueError: the entry is not a reference.
        """
        if self.ref is None:
            raise ValueError("Only reference entries support ref_target().")
        return self.ref if urlparse(self.ref).scheme in (SCHEME, *FETCHED_SCHEMES) else self.path

    def ref_url(self) -> str:
        """Return a URI by which another artifact can refer to this entry.

        Raises:
            ValueError: the artifact is not logged.
        """
        id_ = self.parent_artifact().id
        if id_ is None:
            raise ValueError("Parent artifact ID is not set")
        return f"{SCHEME}://{digests.to_hex(id_)}/{self.path}"

    def to_json(self) -> dict[str, Any]:
        """Return what is set, as a dict."""
        fields = {
            "path": self.path,
            "digest": self.digest,
            "ref": self.ref,
            "birthArtifactID": self.birth_artifact_id,
            "size": self.size,
            "extra": self.extra,
            "local_path": self.local_path,
            "skip_cache": self.skip_cache,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _manifest_form(self) -> dict[str, Any]:
        fields = {"digest": self.digest, "ref": self.ref, "birthArtifactID": self.birth_artifact_id, "size": self.size}
        kept = {name: value for name, value in fields.items() if value is not None}
        return {**kept, **({"extra": self.extra} if self.extra else {}), **self._place}

    @classmethod
    def _of(cls, path: str, document: dict[str, Any]) -> ArtifactManifestEntry:
        own = ("digest", "ref", "birthArtifactID", "size", "extra")
        entry = cls(path=check_path(path), **{name: document[name] for name in own if name in document})
        entry._place = {name: document[name] for name in ("run", "key", "file") if name in document}
        return entry

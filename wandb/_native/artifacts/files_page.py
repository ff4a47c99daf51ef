"""What `artifact.files()` returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry

if TYPE_CHECKING:
    from wandb.sdk.artifacts.artifact import Artifact


class ArtifactFile:
    """One file of an artifact."""

    def __init__(self, artifact: Artifact, entry: ArtifactManifestEntry) -> None:
        self._artifact = artifact
        self._entry = entry
        self.name = entry.path
        self.size = entry.size
        self.digest = entry.digest

    @property
    def md5(self) -> str:
        """The digest of the content."""
        return self._entry.digest

    @property
    def path_uri(self) -> str:
        """Where a reference leads, or an empty text."""
        return self._entry.ref or ""

    def download(self, root: str = ".", replace: bool = False, exist_ok: bool = False) -> str:
        """Download the file below `root` and return its path.

        Raises:
            ValueError: another file is there, and neither `replace` nor `exist_ok` is true.
        """
        from pathlib import Path

        path = Path(root, self.name)
        if path.exists() and not replace and not self._entry.is_at(path):
            if exist_ok:
                return str(path)
            raise ValueError(f"File already exists: {path}; pass replace=True to write over it")
        return self._artifact.get_entry(self.name).download(root)

    def __repr__(self) -> str:
        return f"<File {self.name} {self.size} bytes>"


class ArtifactFiles:
    """The files of an artifact, as a sequence."""

    __module__ = "wandb.apis.public.artifacts"  # as in wandb

    def __init__(self, artifact: Artifact, names: list[str] | None = None) -> None:
        entries = artifact.manifest.entries
        chosen = entries.values() if names is None else [entries[name] for name in names if name in entries]
        self.artifact = artifact
        self._files = [ArtifactFile(artifact, entry) for entry in chosen]

    def __iter__(self) -> Iterator[ArtifactFile]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> ArtifactFile:
        return self._files[index]

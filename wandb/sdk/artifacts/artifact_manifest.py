"""What an artifact holds: its paths, and from them its digest and size."""

from __future__ import annotations

from typing import Any

from wandb._native.artifacts import digests
from wandb._native.artifacts.naming import check_path
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from wandb_compat.artifacts.paths import manifest_digest


class ArtifactManifest:
    """The entries of an artifact by path."""

    def __init__(
        self, entries: dict[str, ArtifactManifestEntry] | None = None, digest_algorithm: str = "MD5", **_: Any
    ) -> None:
        self.manifest_version = self.version()
        self.entries = dict(entries or {})
        self.digest_algorithm = digest_algorithm

    @classmethod
    def version(cls) -> int:
        """Return the version of the manifest's format."""
        return 1

    @classmethod
    def from_manifest_json(cls, manifest_json: dict[str, Any], digest_algorithm: str = "MD5") -> ArtifactManifest:
        """Return the manifest that a document describes.

        Raises:
            ValueError: it is of another format.
        """
        if manifest_json.get("version") is None:
            raise ValueError("Invalid manifest format. Must contain version field.")
        if manifest_json["version"] != cls.version():
            raise ValueError("Invalid manifest version.")
        contents = manifest_json.get("contents", {})
        return cls({path: ArtifactManifestEntry._of(path, one) for path, one in contents.items()}, digest_algorithm)

    def to_manifest_json(self) -> dict[str, Any]:
        """Return the manifest as a JSON document."""
        return {
            "version": self.manifest_version,
            "storagePolicy": "wandb-storage-policy-v1",
            "storagePolicyConfig": {"storageLayout": "V2"},
            "contents": {path: entry._manifest_form() for path, entry in self.entries.items()},
        }

    def __len__(self) -> int:
        return len(self.entries)

    def digest(self) -> str:
        """Return the digest of paths and contents, equal to wandb's."""
        contents = {path: entry.digest for path, entry in self.entries.items()}
        return manifest_digest(contents, digests.maker(self.digest_algorithm))

    def size(self) -> int:
        """Return the bytes of all entries whose size is known."""
        return sum(entry.size or 0 for entry in self.entries.values())

    def add_entry(self, entry: ArtifactManifestEntry, overwrite: bool = False) -> None:
        """Add an entry.

        Raises:
            ValueError: the path exists with other content and `overwrite` is false, or is invalid.
        """
        entry.path = check_path(entry.path)
        known = self.entries.get(entry.path)
        if known is not None and not overwrite and known.digest != entry.digest:
            raise ValueError(f"Cannot add the same path twice: {entry.path!r}")
        self.entries[entry.path] = entry

    def remove_entry(self, entry: ArtifactManifestEntry) -> None:
        """Remove an entry.

        Raises:
            FileNotFoundError: it is not there.
        """
        if self.entries.pop(entry.path, None) is None:
            raise FileNotFoundError(f"Cannot remove missing entry: {entry.path!r}")

    def get_entry_by_path(self, path: str) -> ArtifactManifestEntry | None:
        """Return the entry of a path, or None."""
        return self.entries.get(path)

    def get_entries_in_directory(self, directory: str) -> list[ArtifactManifestEntry]:
        """Return the entries below a folder."""
        return [entry for path, entry in self.entries.items() if path.startswith(f"{directory}/")]

    def hash_contents_with_md5(self) -> None:
        """Replace other digests of local files by MD5."""
        for entry in self.entries.values():
            if entry.local_path and entry.extra.pop(digests.ALGORITHM, "MD5") != "MD5":
                entry.digest = digests.of_file(entry.local_path)

"""The part of an artifact that gives back what it holds."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from wandb._native.artifacts import digests, naming, references
from wandb._native.artifacts.base import About, logged
from wandb._native.artifacts.directories import files_below
from wandb.errors import CommError
from wandb.errors.term import termwarn
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry

DOWNLOADERS = 8  # files that are fetched at once
StrPath = str | os.PathLike[str]


class Downloads(About):
    """The methods; `Artifact` is the only class that has them."""

    def get_path(self, name: StrPath) -> ArtifactManifestEntry:
        """Return `get_entry(name)`; wandb recommends that name now."""
        return self.get_entry(name)

    @logged
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

    @logged
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

    @logged
    def files(self, names: list[str] | None = None, per_page: int = 50, start: str | None = None) -> Any:
        """Return the files; see `ArtifactFiles`.

        Args:
            names: the only paths to return.
            per_page, start: without effect, accepted: there is one page.
        """
        from wandb._native.artifacts.files_page import ArtifactFiles

        return ArtifactFiles(self, names)

    @logged
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
        from wandb._native.artifacts.lookup import announce_large

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
        from wandb_compat.wire.errors import WireError

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

    @logged
    def checkout(self, root: str | None = None) -> str:
        """Bring the files to a folder and delete whatever else is in it.

        Returns:
            The folder, by default `artifacts/NAME`.
        """
        root = root or self._default_root(include_version=False)
        for file in files_below(Path(root)):
            if naming.logical_path(os.path.relpath(file, root)) not in self.manifest.entries:
                file.unlink()
        return self.download(root=root)

    @logged
    def verify(self, root: str | None = None) -> None:
        """Check that a folder holds the artifact's files and nothing else; references are not looked at.

        Raises:
            ValueError: a file is not of the artifact, or has another content.
            FileNotFoundError: a file is missing.
        """
        root = root or self._default_root()
        for file in files_below(Path(root)):
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

    @logged
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

"""Downloads and verifies the files of a logged artifact."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb._native.artifacts import digests, naming, references
from wandb._native.artifacts.directories import files_below
from wandb.errors import CommError
from wandb.errors.term import termwarn
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from wandb_compat.system.file_names import local_paths

if TYPE_CHECKING:
    from wandb.sdk.artifacts.artifact import Artifact

DOWNLOADERS = 8  # files that are fetched at once
StrPath = str | os.PathLike[str]


def get_entry(artifact: Artifact, name: StrPath) -> ArtifactManifestEntry:
    """Return the entry of a path, or of a value that was added under that name."""
    path = naming.logical_path(name)
    entry = artifact.manifest.entries.get(path) or _value_entry(artifact, path)[0]
    if entry is None:
        raise KeyError(f"Path not contained in artifact: {path}")
    entry._parent_artifact = artifact
    return entry


def get_value(artifact: Artifact, name: str) -> Any:
    """Return the value that was added under a name, or None."""
    entry, kind = _value_entry(artifact, name)
    if entry is None or kind is None:
        return None
    root = artifact.download()  # a table may refer to its neighbours
    document = json.loads(_local_paths(artifact, root)[entry.path].read_text(encoding="utf-8"))
    return kind.from_json(document, artifact)


def _value_entry(artifact: Artifact, name: str) -> tuple[ArtifactManifestEntry | None, Any]:
    from wandb.data_types import WBValue  # all kinds, not only those that the script has used

    for kind in WBValue.type_mapping().values():
        entry = artifact.manifest.entries.get(kind.with_suffix(name))
        if entry is not None:
            return entry, kind
    return None, None


def files(artifact: Artifact, names: list[str] | None = None, per_page: int = 50, start: str | None = None) -> Any:
    """Return the files; see `ArtifactFiles`."""
    from wandb._native.artifacts.files_page import ArtifactFiles

    return ArtifactFiles(artifact, names)


def download(
    artifact: Artifact,
    root: StrPath | None = None,
    allow_missing_references: bool = False,
    skip_cache: bool | None = None,
    path_prefix: StrPath | None = None,
    multipart: bool | None = None,
) -> str:
    """Download the files; those that exist with the right content are not downloaded, other files stay."""
    from wandb._native.artifacts.lookup import announce_large

    folder = download_root(artifact, root)
    prefix = "" if path_prefix is None else os.fspath(path_prefix)
    entries = [entry for path, entry in artifact.manifest.entries.items() if path.startswith(prefix)]
    announce_large(artifact.name, len(entries), sum(entry.size or 0 for entry in entries))
    download_entries(artifact, entries, folder, allow_missing_references)
    return folder


def download_root(artifact: Artifact, root: StrPath | None) -> str:
    folder = os.fspath(root) if root else _default_root(artifact)
    artifact._roots.add(os.path.abspath(folder))  # noqa: PTH100
    return folder


def _default_root(artifact: Artifact, include_version: bool = True) -> str:
    name = artifact.source_name if include_version else artifact.source_name.partition(":")[0]
    if os.name == "nt":
        name = name.replace(":", "-")
    base = os.environ.get("WANDB_ARTIFACT_DIR") or os.path.join(".", "artifacts")  # noqa: PTH118
    return os.path.join(os.path.abspath(base), name)  # noqa: PTH100, PTH118


def download_entries(artifact: Artifact, entries: list[ArtifactManifestEntry], root: str, missing: bool) -> list[str]:
    from wandb_compat.wire.errors import WireError

    Path(root).mkdir(parents=True, exist_ok=True)
    local = _local_paths(artifact, root)
    paths = [local[entry.path] for entry in entries]
    wanted = [(entry, path) for entry, path in zip(entries, paths, strict=True) if not entry.is_at(path)]
    held = [(entry, path) for entry, path in wanted if entry._place]
    try:
        places = [(one._place["run"], one._place["key"], one._place["file"]) for one, _ in held]
        urls = artifact._server.urls(places)
        with ThreadPoolExecutor(DOWNLOADERS, thread_name_prefix="wandb-compat-download") as pool:
            tasks = [
                pool.submit(artifact._server.client.download, url, path)
                for url, (_, path) in zip(urls, held, strict=True)
            ]
            for task in tasks:
                task.result()
    except WireError as error:
        raise CommError(f"artifact {artifact.name} cannot be downloaded: {error}", error) from error
    for entry, path in wanted:
        if not entry._place:
            try:
                references.fetch(entry, path)
            except FileNotFoundError as error:
                if not missing:
                    raise
                termwarn(str(error))
    return list(map(str, paths))


def _local_paths(artifact: Artifact, root: str) -> dict[str, Path]:
    """Return the path below a folder of each path of the artifact; this system may not hold all names unchanged."""
    names = [naming.check_path(path) for path in artifact.manifest.entries]
    local = local_paths(Path(root), names)
    changed = [name for name, path in local.items() if path != Path(root, name)]
    if changed:
        termwarn(
            f"{len(changed)} names of artifact {artifact.name} cannot be used here and are changed: {changed[0]!r} is"
            f" now {local[changed[0]].name!r}" + (", …" if len(changed) > 1 else ""),
            repeat=False,
        )
    return local


def checkout(artifact: Artifact, root: str | None = None) -> str:
    """Download the files to a folder and delete everything else in it."""
    root = root or _default_root(artifact, include_version=False)
    known = set(_local_paths(artifact, root).values())
    for file in files_below(Path(root)):
        if file not in known:
            file.unlink()
    return artifact.download(root=root)


def verify(artifact: Artifact, root: str | None = None) -> None:
    """Check that a folder holds the artifact's files and nothing else; references are not looked at."""
    root = root or _default_root(artifact)
    local = _local_paths(artifact, root)
    known = set(local.values())
    for file in files_below(Path(root)):
        if file not in known:
            raise ValueError(f"Found file {file} which is not a member of artifact {artifact.name}")
    skipped = 0
    for entry in artifact.manifest.entries.values():
        if entry.ref is not None:
            skipped += 1
        elif digests.of_file(local[entry.path], entry.digest_algorithm()) != entry.digest:
            raise ValueError(f"Digest mismatch for file: {entry.path}")
    if skipped:
        termwarn(f"skipped verification of {skipped} refs")


def only_file(artifact: Artifact, root: str | None = None) -> str:
    """Download the only file and return its path."""
    if len(artifact.manifest) > 1:
        raise ValueError(
            "This artifact contains more than one file, call `.download()` to get all files or call "
            '.get_entry("filename").download()'
        )
    return artifact.get_entry(next(iter(artifact.manifest.entries))).download(root)

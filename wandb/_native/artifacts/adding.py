"""Adds files, directories, references and values to an artifact that is not logged yet."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal
from uuid import uuid4

from wandb._native.artifacts import digests, naming, references
from wandb._native.artifacts.directories import files_of
from wandb.errors.term import termerror, termlog
from wandb.sdk.artifacts.artifact_manifest_entry import SCHEME, ArtifactManifestEntry

if TYPE_CHECKING:
    from wandb.sdk.artifacts.artifact import Artifact

StrPath = str | os.PathLike[str]
Policy = Literal["mutable", "immutable"] | None
# wandb rejects these in `add`; some may still be cells of a table.
_NOT_ADDABLE = ("graph-file", "histogram", "plotly-file", "wb_trace_tree")


@contextlib.contextmanager
def new_file(
    artifact: Artifact,
    name: str,
    mode: str = "x",
    encoding: str | None = None,
    policy: Literal["mutable", "immutable"] = "mutable",
) -> Iterator[IO[Any]]:
    """Open a new file of the artifact for writing; it is added when the block ends."""
    naming.check_path(name)
    if name.endswith("/"):
        raise IsADirectoryError(errno.EISDIR, "the name of a new file must not end with a slash", name)
    path = _copies_dir(artifact) / "new" / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open(mode, encoding=encoding) as stream:
            yield stream
    except FileExistsError:
        raise ValueError(f"File with name {name!r} already exists at {str(path)!r}") from None
    except UnicodeEncodeError as error:
        termerror(f"{name} cannot be written ({error}); give `encoding=`")
        raise
    add_file(artifact, str(path), name=name, policy=policy, skip_cache=True, overwrite="x" not in mode)


def add_file(
    artifact: Artifact,
    local_path: StrPath,
    name: str | None = None,
    is_tmp: bool | None = False,
    skip_cache: bool | None = False,
    policy: Policy = "mutable",
    overwrite: bool = False,
) -> ArtifactManifestEntry:
    """Add a file."""
    if isinstance(local_path, bytes):  # as wandb, which looks for a file of that text
        raise FileNotFoundError(errno.ENOENT, "the path of a file is text or a Path, not bytes", str(local_path))
    if not os.path.isfile(local_path):  # noqa: PTH113
        raise ValueError(f"Path is not a file: {local_path!r}")
    path = naming.logical_path(name or os.path.basename(local_path))  # noqa: PTH119
    if is_tmp:
        folder, _, last = path.rpartition("/")
        digest = digests.to_hex(digests.of_file(local_path, artifact._digest_algorithm))[:20]
        path = "/".join(part for part in (folder, ".".join([digest, *last.split(".")[1:]])) if part)
    return _add_local(artifact, path, local_path, policy, overwrite, bool(skip_cache))


def add_dir(
    artifact: Artifact,
    local_path: StrPath,
    name: str | None = None,
    skip_cache: bool | None = False,
    policy: Policy = "mutable",
    merge: bool = False,
) -> None:
    """Add all files of a folder and of the folders in it, through links as well."""
    if not os.path.isdir(local_path):  # noqa: PTH112
        raise ValueError(f"Path is not a directory: {local_path!r}")
    termlog(f"Adding directory to artifact ({os.path.join('.', local_path)})...")  # noqa: PTH118
    for file in files_of(Path(local_path)):
        inside = os.path.join(name or "", os.path.relpath(file, local_path))  # noqa: PTH118
        _add_local(artifact, inside, file, policy, merge, bool(skip_cache))


def add_reference(
    artifact: Artifact,
    uri: ArtifactManifestEntry | str,
    name: StrPath | None = None,
    checksum: bool = True,
    max_objects: int | None = None,
) -> Sequence[ArtifactManifestEntry]:
    """Add a reference to data elsewhere, without a copy."""
    path = None if name is None else naming.logical_path(name)
    if isinstance(uri, str) and uri.startswith(f"{SCHEME}://"):
        uri = _entry_behind(artifact, uri)
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
        artifact.manifest.add_entry(entry)
    return entries


def add(artifact: Artifact, obj: Any, name: StrPath, overwrite: bool = False) -> ArtifactManifestEntry:
    """Add a table, an image or another value of wandb's; `get` gives it back."""
    from wandb.sdk.data_types.base_types.wb_value import WBValue

    if not isinstance(obj, WBValue) or obj._log_type in _NOT_ADDABLE:
        raise TypeError(f"Found object of type {obj.__class__}, expected a table or a medium with a file")
    if id(obj) in artifact._added_objs:
        return artifact._added_objs[id(obj)][1]
    document = obj.to_json(artifact)
    path = naming.logical_path(obj.with_suffix(naming.logical_path(name)))
    known = artifact.manifest.get_entry_by_path(path)
    if known is not None and not overwrite:
        return known
    file = _copies_dir(artifact) / "objects" / uuid4().hex / path
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(document, sort_keys=True), encoding="utf-8")
    entry = add_file(artifact, str(file), path, is_tmp=path.startswith("media/tables"), overwrite=overwrite)
    artifact._added_objs[id(obj)] = (obj, entry)  # kept, or its id could be another's
    return entry


def _add_local(
    artifact: Artifact, path: StrPath, source: StrPath, policy: Policy, overwrite: bool, skip_cache: bool
) -> ArtifactManifestEntry:
    if (policy or "mutable") not in ("mutable", "immutable"):
        raise ValueError(f"Invalid policy {policy!r}. Policy may only be `mutable` or `immutable`.")
    kept = Path(source)
    if policy != "immutable":
        kept = _copies_dir(artifact) / uuid4().hex
        shutil.copyfile(source, kept)
    xxh = artifact._digest_algorithm == "XXH128"
    entry = ArtifactManifestEntry(
        path=path,
        digest=digests.of_file(kept, artifact._digest_algorithm),
        size=kept.stat().st_size,
        local_path=kept.absolute(),
        skip_cache=skip_cache,
        extra={digests.ALGORITHM: "XXH128"} if xxh else {},
    )
    artifact.manifest.add_entry(entry, overwrite=overwrite)
    artifact._added_local_paths[os.fspath(source)] = entry
    return entry


def _copies_dir(artifact: Artifact) -> Path:
    """Return the folder for copies, which goes when the artifact or the process does."""
    if artifact._folder is None:
        from wandb._native.artifacts.lookup import staging_folder

        artifact._folder = Path(tempfile.mkdtemp(dir=staging_folder()))
        weakref.finalize(artifact, shutil.rmtree, artifact._folder, ignore_errors=True)
    return artifact._folder


def remove(artifact: Artifact, item: StrPath | ArtifactManifestEntry) -> None:
    """Remove an entry, a path, or everything below a directory."""
    if isinstance(item, ArtifactManifestEntry):
        artifact.manifest.remove_entry(item)
        return
    path = naming.logical_path(item)
    entry = artifact.manifest.get_entry_by_path(path)
    found = [entry] if entry is not None else artifact.manifest.get_entries_in_directory(path)
    if not found:
        raise FileNotFoundError(f"No such file or directory: {path}")
    for entry in found:
        artifact.manifest.remove_entry(entry)


def get_added_local_path_name(artifact: Artifact, local_path: str) -> str | None:
    """Return the path in the artifact of a file that was added from `local_path`, or None."""
    entry = artifact._added_local_paths.get(local_path)
    return entry.path if entry is not None else None


def _entry_behind(artifact: Artifact, uri: str) -> ArtifactManifestEntry:
    """Return the entry that a `wandb-artifact://` reference names."""
    from wandb._native.artifacts import lookup

    id_, _, path = uri.removeprefix(f"{SCHEME}://").partition("/")
    try:
        wanted = lookup.Name.parse(bytes.fromhex(id_).decode(), "", "")
    except ValueError:
        raise ValueError(f"{uri!r} names no artifact; take it from artifact.get_entry(path).ref_url()") from None
    return artifact._at_version(wanted).get_entry(path)

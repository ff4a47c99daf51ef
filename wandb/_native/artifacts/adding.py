"""The part of an artifact that fills it: files, folders, references and values."""

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
from typing import IO, Any, Literal
from uuid import uuid4

from wandb._native.artifacts import digests, naming, references
from wandb._native.artifacts.base import About, draft
from wandb._native.artifacts.directories import files_of
from wandb.errors.term import termerror, termlog
from wandb.sdk.artifacts.artifact_manifest_entry import SCHEME, ArtifactManifestEntry

StrPath = str | os.PathLike[str]
Policy = Literal["mutable", "immutable"] | None
# What wandb takes into no artifact but in the cells of a table, or not at all.
_NOT_KEPT = ("graph-file", "histogram", "plotly-file", "wb_trace_tree")


class Contents(About):
    """The methods; `Artifact` is the only class that has them."""

    @draft
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
            IsADirectoryError: the name ends with a slash.
            ArtifactFinalizedError: the artifact is logged.
        """
        naming.check_path(name)
        if name.endswith("/"):
            raise IsADirectoryError(errno.EISDIR, "the name of a new file must not end with a slash", name)
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
            ValueError: it is no file, another content is there under the name, or the policy does not exist.
            FileNotFoundError: the path is given as bytes.
            ArtifactFinalizedError: the artifact is logged.
        """
        if isinstance(local_path, bytes):  # as wandb, which looks for a file of that text
            raise FileNotFoundError(errno.ENOENT, "the path of a file is text or a Path, not bytes", str(local_path))
        if not os.path.isfile(local_path):  # noqa: PTH113
            raise ValueError(f"Path is not a file: {local_path!r}")
        path = naming.logical_path(name or os.path.basename(local_path))  # noqa: PTH119
        if is_tmp:
            folder, _, last = path.rpartition("/")
            digest = digests.to_hex(digests.of_file(local_path, self._digest_algorithm))[:20]
            path = "/".join(part for part in (folder, ".".join([digest, *last.split(".")[1:]])) if part)
        return self._add_local(path, local_path, policy, overwrite, bool(skip_cache))

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
            ValueError: it is no folder, or a file is there with another content and `merge` is false.
            OSError: a file cannot be read, or a link leads nowhere or round in a circle.
            ArtifactFinalizedError: the artifact is logged.
        """
        if not os.path.isdir(local_path):  # noqa: PTH112
            raise ValueError(f"Path is not a directory: {local_path!r}")
        termlog(f"Adding directory to artifact ({os.path.join('.', local_path)})...")  # noqa: PTH118
        for file in files_of(Path(local_path)):
            inside = os.path.join(name or "", os.path.relpath(file, local_path))  # noqa: PTH118
            self._add_local(inside, file, policy, merge, bool(skip_cache))

    @draft
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
            TypeError: it is no such value.
            ArtifactFinalizedError: the artifact is logged.
        """
        from wandb.sdk.data_types.base_types.wb_value import WBValue

        if not isinstance(obj, WBValue) or obj._log_type in _NOT_KEPT:
            raise TypeError(f"Found object of type {obj.__class__}, expected a table or a medium with a file")
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
            from wandb._native.artifacts.lookup import staging_folder

            self._folder = Path(tempfile.mkdtemp(dir=staging_folder()))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    @draft
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


def _entry_behind(uri: str) -> ArtifactManifestEntry:
    """Return the entry that a `wandb-artifact://` reference names."""
    from wandb._native.artifacts import lookup
    from wandb.sdk.artifacts.artifact import Artifact

    id_, _, path = uri.removeprefix(f"{SCHEME}://").partition("/")
    try:
        wanted = lookup.Name.parse(bytes.fromhex(id_).decode(), "", "")
    except ValueError:
        raise ValueError(f"{uri!r} names no artifact; take it from artifact.get_entry(path).ref_url()") from None
    return Artifact._of("", *lookup.find(wanted)).get_entry(path)

"""References: files that an artifact names but does not hold, on a disk, a web server, or in a bucket."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from urllib.parse import urlparse
from urllib.request import url2pathname

from wandb._native.artifacts import cloud_buckets, digests
from wandb.errors.term import termwarn
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry

LIMIT = 10_000_000  # objects that a reference to a folder or bucket may represent
TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds between two bytes of a web server's answer


def describe(uri: str, name: str | None, checksum: bool, limit: int | None) -> list[ArtifactManifestEntry]:
    """Return the entries of a reference.

    Args:
        uri: what is referred to; a directory or prefix means the files below it.
        name: path in the artifact, by default the last part of the URI.
        checksum: whether to look at the content; else the digest follows from the URI alone.
        limit: files that may be there at most; of a bucket's objects, how many are taken.

    Raises:
        ValueError: the file does not exist, there are too many files, or the scheme is not known and no name is given.
        wandb.Error: a library that the scheme needs is missing.
    """
    return _SCHEMES.get(urlparse(uri).scheme, _tracked)(uri, name, checksum, limit or LIMIT)


def fetch(entry: ArtifactManifestEntry, path: Path) -> None:
    """Download the target of a reference to a file.

    Raises:
        ValueError: it has changed since, or the scheme cannot be fetched.
        FileNotFoundError: it is not there.
    """
    ref = entry.ref or ""
    scheme = urlparse(ref).scheme
    path.parent.mkdir(parents=True, exist_ok=True)
    if scheme == "file":
        source = _local(ref)
        if not source.exists():
            raise FileNotFoundError(f"Local file reference: Failed to find file at path {str(source)!r}")
        content = digests.of_file(source)
        if entry.digest not in (content, _path_digest(source)):
            raise ValueError(
                f"Local file reference: Digest mismatch for path {str(source)!r}: "
                f"expected {entry.digest!r} but found {content!r}"
            )
        shutil.copyfile(source, path)
    elif scheme in ("http", "https"):
        _fetch_web(entry, ref, path)
    elif scheme == "s3":
        cloud_buckets.fetch_s3(entry, ref, path)
    elif scheme == "gs":
        cloud_buckets.fetch_gs(entry, ref, path)
    else:
        raise ValueError(f"Cannot download file at path {ref}, scheme {scheme} not recognized")


# Files


def _local(uri: str) -> Path:
    parts = urlparse(uri)
    return Path((f"//{parts.netloc}" if parts.netloc else "") + url2pathname(parts.path))


def _path_digest(path: Path) -> str:
    return digests.of_text(path.resolve().as_uri())


def _file(uri: str, name: str | None, checksum: bool, limit: int) -> list[ArtifactManifestEntry]:
    path = _local(uri)
    digest = digests.of_file if checksum else _path_digest
    if path.is_dir():
        files = list(islice(_walk(path), limit + 1))
        if len(files) > limit:
            raise ValueError(f"Exceeded {limit} objects tracked, pass max_objects to add_reference")
        inside = [(file, file.relative_to(path).as_posix()) for file in files]
        return [
            ArtifactManifestEntry(
                path=str(PurePosixPath(name or "", relative)),
                ref=f"{uri.rstrip('/')}/{relative}",
                size=file.stat().st_size,
                digest=digest(file),
            )
            for file, relative in inside
        ]
    if path.is_file():
        return [ArtifactManifestEntry(path=name or path.name, ref=uri, size=path.stat().st_size, digest=digest(path))]
    raise ValueError(f"Path {uri!r} must be a valid file or directory path")


def _walk(folder: Path) -> Iterator[Path]:
    for place, _, files in os.walk(folder):
        yield from (Path(place, file) for file in files)


# Web servers


def _web(uri: str, name: str | None, checksum: bool, limit: int) -> list[ArtifactManifestEntry]:
    name = name or PurePosixPath(uri).name
    if not checksum:
        return [ArtifactManifestEntry(path=name, ref=uri, digest=uri)]
    import requests

    with requests.get(uri, stream=True, timeout=TIMEOUT) as answer:
        answer.raise_for_status()
        etag, length = answer.headers.get("etag"), answer.headers.get("content-length")
        ref = str(answer.request.url)
    return [
        ArtifactManifestEntry(
            path=name,
            ref=ref,
            digest=etag.strip('"') if etag else ref,
            size=int(length) if length else None,
            extra={"etag": etag} if etag else {},
        )
    ]


def _fetch_web(entry: ArtifactManifestEntry, ref: str, path: Path) -> None:
    import requests

    with requests.get(ref, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == 404:
            raise FileNotFoundError(f"{ref} is not there")
        answer.raise_for_status()
        found = (answer.headers.get("etag") or ref).strip('"')
        if entry.digest not in (found, ref):
            raise ValueError(f"Digest mismatch for url {ref!r}: expected {entry.digest!r} but found {found!r}")
        with path.open("wb") as stream:
            for piece in answer.iter_content(1024**2):
                stream.write(piece)


def _tracked(uri: str, name: str | None, checksum: bool, limit: int) -> list[ArtifactManifestEntry]:
    if name is None:
        raise ValueError(f'You must pass name="<entry_name>" when tracking references with unknown schemes. ref: {uri}')
    if urlparse(uri).scheme != "wandb-artifact":
        termwarn(f"Artifact references with unsupported schemes cannot be checksummed: {uri}")
    return [ArtifactManifestEntry(path=name, ref=uri, digest=uri)]


_SCHEMES: dict[str, Callable[[str, str | None, bool, int], list[ArtifactManifestEntry]]] = {
    "file": _file,
    "http": _web,
    "https": _web,
    "s3": cloud_buckets.describe_s3,
    "gs": cloud_buckets.describe_gs,
}

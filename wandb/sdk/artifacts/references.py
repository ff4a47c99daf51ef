"""References: files that an artifact names but does not hold, on a disk, a web server, or in a bucket."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlparse
from urllib.request import url2pathname

from wandb.errors import Error
from wandb.errors.term import termlog, termwarn
from wandb.sdk.artifacts import digests

if TYPE_CHECKING:
    from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry

LIMIT = 10_000_000  # objects that a reference to a folder or bucket may stand for
TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds between two bytes of a web server's answer
_SCHEMES = {"file": "_file", "http": "_web", "https": "_web", "s3": "_s3", "gs": "_gcs"}


def describe(uri: str, name: str | None, checksum: bool, limit: int | None) -> list[ArtifactManifestEntry]:
    """Return the entries that a reference stands for.

    Args:
        uri: what is referred to; a folder or a bucket's prefix stands for the files in it.
        name: path in the artifact, by default the last part of the URI.
        checksum: whether to look at the content; else the digest follows from the URI alone.
        limit: objects that may be there at most.

    Raises:
        ValueError: there is no such file, there are too many, or the scheme is not known and no name is given.
        wandb.Error: a library that the scheme needs is missing.
    """
    handler = _SCHEMES.get(urlparse(uri).scheme, "_tracked")
    found: list[ArtifactManifestEntry] = globals()[handler](uri, name, checksum, limit or LIMIT)
    return found


def target(entry: ArtifactManifestEntry) -> str:
    """Return where a reference leads: its URI, or for an unknown scheme its path."""
    ref = entry.ref or ""
    if urlparse(ref).scheme == "wandb-artifact":
        return ref
    return ref if urlparse(ref).scheme in _SCHEMES else entry.path


def fetch(entry: ArtifactManifestEntry, path: Path) -> None:
    """Bring what a reference leads to into a file.

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
        bucket, key, _ = _s3_parts(ref)
        version = entry.extra.get("versionID")
        _s3_resource().Object(bucket, key).download_file(
            str(path), ExtraArgs={"VersionId": version} if version else None
        )
    elif scheme == "gs":
        bucket, key = urlparse(ref).netloc, urlparse(ref).path.lstrip("/")
        _gcs_client().bucket(bucket).blob(key, generation=entry.extra.get("versionID")).download_to_filename(str(path))
    else:
        raise ValueError(f"Cannot download file at path {ref}, scheme {scheme} not recognized")


def _entry(**fields: Any) -> ArtifactManifestEntry:
    from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry

    return ArtifactManifestEntry(**fields)


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
        inside = [(file, os.path.relpath(file, path)) for file in files]
        return [
            _entry(
                path=os.path.join(name or "", relative),  # noqa: PTH118
                ref=os.path.join(uri, relative),  # noqa: PTH118
                size=file.stat().st_size,
                digest=digest(file),
            )
            for file, relative in inside
        ]
    if path.is_file():
        return [_entry(path=name or path.name, ref=uri, size=path.stat().st_size, digest=digest(path))]
    raise ValueError(f"Path {uri!r} must be a valid file or directory path")


def _walk(folder: Path) -> Iterator[Path]:
    for place, _, files in os.walk(folder):
        yield from (Path(place, file) for file in files)


# Web servers


def _web(uri: str, name: str | None, checksum: bool, limit: int) -> list[ArtifactManifestEntry]:
    name = name or PurePosixPath(uri).name
    if not checksum:
        return [_entry(path=name, ref=uri, digest=uri)]
    import requests

    with requests.get(uri, stream=True, timeout=TIMEOUT) as answer:
        answer.raise_for_status()
        etag, length = answer.headers.get("etag"), answer.headers.get("content-length")
        ref = str(answer.request.url)
    return [
        _entry(
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


# Buckets


def _s3_parts(uri: str) -> tuple[str, str, str | None]:
    parts = urlparse(uri)
    return parts.netloc, parts.path[1:], dict(parse_qsl(parts.query)).get("versionId")


def _s3_resource() -> Any:
    try:
        import boto3
    except ImportError as error:
        raise Error("s3:// references need the package boto3: `pip install boto3`") from error
    return boto3.session.Session().resource(
        "s3", endpoint_url=os.environ.get("AWS_S3_ENDPOINT_URL"), region_name=os.environ.get("AWS_REGION")
    )


def _s3(uri: str, name: str | None, checksum: bool, limit: int) -> list[ArtifactManifestEntry]:
    bucket, key, version = _s3_parts(uri)
    plain = f"s3://{bucket}/{key}"
    if not checksum:
        return [_entry(path=name or key or bucket, ref=plain, digest=plain)]
    s3 = _s3_resource()
    if key and version:
        return [_s3_entry(s3.ObjectVersion(bucket, key, version).Object(), plain, name or PurePosixPath(key).name)]
    if key:
        one = s3.Object(bucket, key)
        if _exists(one) and "x-directory" not in (one.content_type or ""):
            return [_s3_entry(one, plain, name or PurePosixPath(key).name)]
    found = list(s3.Bucket(bucket).objects.filter(Prefix=key).limit(limit + 1))
    entries = []
    for one in found:
        relative = PurePosixPath(one.key).relative_to(PurePosixPath(key)) if key else PurePosixPath(one.key)
        if one.size > 0:
            ref = f"s3://{PurePosixPath(bucket, key, relative)}"
            entries.append(_s3_entry(s3.Object(bucket, one.key), ref, str(PurePosixPath(name or "", relative))))
    if len(entries) > limit:
        raise ValueError(f"Exceeded {limit} objects tracked, pass max_objects to add_reference")
    return entries


def _exists(one: Any) -> bool:
    from botocore.exceptions import ClientError

    try:
        one.load()
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise
    return True


def _s3_entry(one: Any, ref: str, path: str) -> ArtifactManifestEntry:
    etag = one.e_tag.strip('"')
    version = getattr(one, "version_id", None)
    extra = {"etag": etag, **({"versionID": version} if version and version != "null" else {})}
    return _entry(path=path, ref=ref, digest=etag, size=one.content_length, extra=extra)


def _gcs_client() -> Any:
    try:
        from google.cloud import storage
    except ImportError as error:
        raise Error(
            "gs:// references need the package google-cloud-storage: `pip install google-cloud-storage`"
        ) from error
    return storage.Client()


def _gcs(uri: str, name: str | None, checksum: bool, limit: int) -> list[ArtifactManifestEntry]:
    parts = urlparse(uri)
    bucket, key, version = parts.netloc, parts.path.lstrip("/"), parts.fragment or None
    plain = f"gs://{bucket}/{key}"
    if not checksum:
        return [_entry(path=name or key or bucket, ref=plain, digest=plain)]
    client = _gcs_client()
    one = client.bucket(bucket).get_blob(key, generation=version) if key else None
    if one is not None:
        return [_gcs_entry(one, plain, name or PurePosixPath(key).name)]
    termlog(f'Generating checksum for up to {limit} objects with prefix "{key}"... ')
    entries = []
    for one in client.bucket(bucket).list_blobs(prefix=key, max_results=limit + 1):
        relative = PurePosixPath(one.name).relative_to(PurePosixPath(key)) if key else PurePosixPath(one.name)
        if not one.name.endswith("/"):
            ref = f"gs://{PurePosixPath(bucket, key, relative)}"
            entries.append(_gcs_entry(one, ref, str(PurePosixPath(name or "", relative))))
    if not entries:
        raise ValueError(f"No objects found at {uri}")
    if len(entries) > limit:
        raise ValueError(f"Exceeded {limit} objects tracked, pass max_objects to add_reference")
    return entries


def _gcs_entry(one: Any, ref: str, path: str) -> ArtifactManifestEntry:
    return _entry(path=path, ref=ref, digest=one.md5_hash, size=one.size, extra={"versionID": one.generation})


def _tracked(uri: str, name: str | None, checksum: bool, limit: int) -> list[ArtifactManifestEntry]:
    if name is None:
        raise ValueError(f'You must pass name="<entry_name>" when tracking references with unknown schemes. ref: {uri}')
    if urlparse(uri).scheme != "wandb-artifact":
        termwarn(f"Artifact references with unsupported schemes cannot be checksummed: {uri}")
    return [_entry(path=name, ref=uri, digest=uri)]

"""References to objects in buckets: what wandb notes of an S3 or Google Cloud object, and how to fetch it again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, urlparse

from wandb.errors import CommError, Error
from wandb.errors.term import termwarn
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry


def describe_s3(uri: str, name: str | None, checksum: bool, limit: int) -> list[ArtifactManifestEntry]:
    """Return the entries of an object, or of all objects whose keys begin with a prefix; empty objects are left out.

    Raises:
        wandb.CommError: S3 refuses.
        wandb.Error: boto3 is missing.
    """
    s3 = _s3()
    from botocore.exceptions import ClientError

    bucket, key, version = _s3_parts(uri)
    plain = f"s3://{bucket}/{key}"
    if not checksum:
        return [ArtifactManifestEntry(path=name or key or bucket, ref=plain, digest=plain)]
    if key:
        # Like wandb, the digest is that of the newest version whichever is asked for.
        one = s3.ObjectVersion(bucket, key, version).Object() if version else s3.Object(bucket, key)
        try:
            one.load()
            single = "x-directory" not in (one.content_type or "")
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise _no_s3(error) from error
            single = False
        if single:
            found = [one] if one.content_length > 0 else []
            return [_s3_entry(one, plain, name or PurePosixPath(key).name) for one in found]
    listed = s3.Bucket(bucket).objects.filter(Prefix=key).limit(limit + 1)
    below = [s3.Object(bucket, one.key) for one in _first(listed, limit, plain) if one.size > 0]
    return [_s3_entry(one, *_placed("s3", bucket, key, one.key, name)) for one in below]


def fetch_s3(entry: ArtifactManifestEntry, ref: str, path: Path) -> None:
    """Write the object of an entry to a file; when another content is there now, the version that has the old one.

    Raises:
        FileNotFoundError: neither the object nor such a version is there.
        ValueError: the version that the entry names has another content.
    """
    s3 = _s3()
    from botocore.exceptions import ClientError

    bucket, key, _ = _s3_parts(ref)
    version, wanted = entry.extra.get("versionID"), entry.extra.get("etag")
    try:
        which = {"VersionId": version} if version else {}
        found = _etag(s3.meta.client.head_object(Bucket=bucket, Key=key, **which)["ETag"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            raise FileNotFoundError(f"Unable to find {entry.path} at s3://{bucket}/{key}") from error
        raise _no_s3(error) from error
    if wanted is not None and found != wanted:  # unchecked references have none
        if version:
            raise ValueError(
                f"Digest mismatch for object {ref} with version {version}: expected {wanted} but found {found}"
            )
        versions = s3.Bucket(bucket).object_versions.filter(Prefix=key)
        version = next((one.version_id for one in versions if one.key == key and _etag(one.e_tag) == wanted), None)
        if version is None:
            raise FileNotFoundError(f"Couldn't find object version for {bucket}/{key} matching etag {wanted}")
    s3.Object(bucket, key).download_file(str(path), ExtraArgs={"VersionId": version} if version else None)


def _s3() -> Any:
    try:
        import boto3
    except ImportError as error:
        raise Error("s3:// references need the package boto3: `pip install boto3`") from error
    return boto3.session.Session().resource(
        "s3", endpoint_url=os.environ.get("AWS_S3_ENDPOINT_URL"), region_name=os.environ.get("AWS_REGION")
    )


def _s3_parts(uri: str) -> tuple[str, str, str | None]:
    parts = urlparse(uri)
    return parts.netloc, parts.path[1:], dict(parse_qsl(parts.query)).get("versionId")


def _etag(text: str) -> str:
    return text.strip('"')


def _s3_entry(one: Any, ref: str, path: str) -> ArtifactManifestEntry:
    etag, version = _etag(one.e_tag), one.version_id
    extra = {"etag": etag, **({"versionID": version} if version and version != "null" else {})}
    return ArtifactManifestEntry(path=path, ref=ref, digest=etag, size=one.content_length, extra=extra)


def _no_s3(error: Any) -> CommError:
    cause = error.response["Error"]
    return CommError(
        f"Unable to connect to S3 ({cause['Code']}): {cause['Message']}. Check that your authentication credentials "
        "are valid and that your region is set correctly."
    )


def describe_gs(uri: str, name: str | None, checksum: bool, limit: int) -> list[ArtifactManifestEntry]:
    """Return the entries of an object, or of all objects whose names begin with a prefix; folders are left out.

    Raises:
        ValueError: the generation that the URI names is not there.
        wandb.Error: google-cloud-storage is missing.
    """
    client = _gs()
    parts = urlparse(uri)
    bucket, key, generation = parts.netloc, parts.path.lstrip("/"), parts.fragment or None
    plain = f"gs://{bucket}/{key}"
    if not checksum:
        return [ArtifactManifestEntry(path=name or key or bucket, ref=plain, digest=plain)]
    one = client.bucket(bucket).get_blob(key, generation=generation) if key else None
    if one is None and generation is not None:
        raise ValueError(f"Object does not exist: {plain}#{generation}")
    if one is not None and not one.name.endswith("/"):
        return [_gs_entry(one, plain, name or PurePosixPath(key).name)]
    listed = client.bucket(bucket).list_blobs(prefix=key, max_results=limit + 1)
    below = [one for one in _first(listed, limit, plain) if not one.name.endswith("/")]
    return [_gs_entry(one, *_placed("gs", bucket, key, one.name, name)) for one in below]


def fetch_gs(entry: ArtifactManifestEntry, ref: str, path: Path) -> None:
    """Write the object of an entry to a file; of a bucket that keeps no versions the newest, if it is the same.

    Raises:
        ValueError: it is not there, or has another content.
    """
    parts = urlparse(ref)
    bucket, key, generation = _gs().bucket(parts.netloc), parts.path.lstrip("/"), entry.extra.get("versionID")
    one = (bucket.get_blob(key, generation=generation) if generation is not None else None) or bucket.get_blob(key)
    if one is None:
        raise ValueError(f"Unable to download object {ref!r} with generation {generation!r}")
    if entry.digest not in (one.etag, ref):  # an unchecked reference has the latter
        raise ValueError(f"Digest mismatch for object {ref!r}: expected {entry.digest!r} but found {one.etag!r}")
    one.download_to_filename(str(path))


def _gs() -> Any:
    try:
        from google.cloud import storage
    except ImportError as error:
        raise Error(
            "gs:// references need the package google-cloud-storage: `pip install google-cloud-storage`"
        ) from error
    return storage.Client()


def _gs_entry(one: Any, ref: str, path: str) -> ArtifactManifestEntry:
    return ArtifactManifestEntry(
        path=path, ref=ref, digest=one.etag, size=one.size, extra={"versionID": one.generation}
    )


def _first(listed: Iterable[Any], limit: int, plain: str) -> list[Any]:
    """Return at most `limit` objects, with a warning; wandb is silent about the rest."""
    found = list(islice(listed, limit + 1))
    if len(found) > limit:
        termwarn(f"only the first {limit} objects of {plain} are in the artifact; add_reference takes max_objects")
    return found[:limit]


def _placed(scheme: str, bucket: str, prefix: str, key: str, name: str | None) -> tuple[str, str]:
    """Return the URI of an object below a prefix, and its path in the artifact.

    Raises:
        ValueError: the prefix ends inside of a name, and does not determine the path.
    """
    ref, whole, folder = f"{scheme}://{PurePosixPath(bucket, key)}", PurePosixPath(key), PurePosixPath(prefix)
    if name is None and (whole == folder or (scheme == "gs" and folder not in whole.parents)):
        return ref, whole.name
    return ref, str(PurePosixPath(name or "", whole.relative_to(folder)))

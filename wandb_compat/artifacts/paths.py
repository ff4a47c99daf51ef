"""Maps paths of saved files and artifacts to keys and file names on the server."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from wandb_compat.spool import safe_paths
from wandb_compat.wire.names import file_log_key, old_key

_OLD_KEY_LIMIT = 240  # characters of a key in earlier releases
_SUFFIX_LIMIT = 16  # characters of a suffix that is kept
_MANIFEST_HEADER = b"wandb-artifact-manifest-v1\n"


def file_key(prefix: str, path: str) -> tuple[str, str]:
    """Return the key and the file name of a path. Different paths never get the same key.

    Args:
        prefix: such as `save`.
        path: relative, with `/`. A key that cannot hold it unchanged ends with a hash of the path.

    Returns:
        The key, and its last part as the file name.
    """
    full_path = f"{prefix}/{path}"
    key = file_log_key(full_path)
    if key != full_path:  # it ends with a hash: programs that read the file expect the suffix
        key += suffix_of(path)
    return key, key.rpartition("/")[2]


def old_file_key(prefix: str, path: str) -> str:
    """Return the key under which earlier releases stored a path: they kept printable ASCII only."""
    full_path = f"{prefix}/{path}"
    key = old_key(full_path)
    if key != full_path or len(key) > _OLD_KEY_LIMIT:
        digest, suffix = hashlib.sha256(path.encode("utf-8", "replace")).hexdigest()[:12], suffix_of(path)
        key = f"{key.removesuffix(suffix)[: _OLD_KEY_LIMIT - 30]}~{digest}{suffix}"
    return key


def suffix_of(path: str) -> str:
    """Return the suffix of a path with its dot, or an empty text for a long suffix or one that is not ASCII."""
    suffix = PurePosixPath(path).suffix
    return suffix if len(suffix) <= _SUFFIX_LIMIT and old_key(suffix) == suffix else ""


def content_key(name: str, path: str, digest: str) -> tuple[str, str]:
    """Return the key and the file name of a file of an artifact.

    Args:
        name: of the artifact, without a version.
        path: in the artifact.
        digest: of the content, in hexadecimal. It becomes the file name.
    """
    return file_key(f"artifacts/{name}", path)[0], digest + suffix_of(path)


def manifest_key(name: str, manifest: bytes) -> tuple[str, str]:
    """Return the key and the file name of a manifest of an artifact."""
    return file_log_key(f"artifacts/{name}/manifest"), f"manifest-{hashlib.sha256(manifest).hexdigest()[:24]}.json"


def manifest_digest(digests: Mapping[str, str], new_hash: Any = None) -> str:
    """Return the digest of an artifact, computed as wandb does.

    Args:
        digests: digest by path.
        new_hash: returns a new hash object; MD5 by default.
    """
    hashed = new_hash() if new_hash is not None else hashlib.md5(usedforsecurity=False)
    hashed.update(_MANIFEST_HEADER)
    for path, digest in sorted(digests.items()):
        hashed.update(f"{path}:{digest}\n".encode("utf-8", "surrogateescape"))
    return str(hashed.hexdigest())


def outcome_path(run_dir: Path, record_id: str) -> Path:
    """Return the file in which the uploader reports the result of an artifact record.

    Raises:
        UnsafePath: the record's id is not the name of a file, or the directory leads out of the run directory.
    """
    safe_paths.inside(run_dir, "journal/outcomes")
    return safe_paths.direct_child(run_dir / "journal" / "outcomes", f"{record_id}.json")

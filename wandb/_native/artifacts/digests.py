"""Digests of files, as artifacts' manifests hold them: MD5 or XXH128, in base64."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

CHUNK = 1024**2  # bytes read at once
ALGORITHM = "alg"  # in an entry's `extra` when it is not MD5


def maker(algorithm: str) -> Any:
    """Return what makes a hash object for `MD5` or `XXH128`.

    Raises:
        ImportError: XXH128 needs the package xxhash, which is not installed.
    """
    if algorithm == "XXH128":
        try:
            import xxhash
        except ImportError as error:
            raise ImportError(
                'Artifact(digest_algorithm="XXH128") needs the package xxhash: `pip install xxhash`'
            ) from error
        return xxhash.xxh128
    return lambda data=b"": hashlib.md5(data, usedforsecurity=False)


def of_file(path: str | os.PathLike[str], algorithm: str = "MD5") -> str:
    """Return the digest of a file's content."""
    hashed = maker(algorithm)()
    feed(hashed, path)
    return base64.b64encode(hashed.digest()).decode()


def feed(hashed: Any, path: str | os.PathLike[str]) -> None:
    """Add a file's content to a hash object."""
    with Path(path).open("rb") as stream:
        while chunk := stream.read(CHUNK):
            hashed.update(chunk)


def of_text(text: str) -> str:
    """Return the MD5 of a text."""
    return base64.b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode()


def to_hex(digest: str) -> str:
    """Return a digest in hexadecimal."""
    return base64.b64decode(digest).hex()

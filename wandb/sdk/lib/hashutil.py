"""Digests as artifacts have them, under wandb's names."""

from __future__ import annotations

import base64
import os

from wandb._native.artifacts import digests

StrPath = str | os.PathLike[str]
B64Digest = str
HexDigest = str
ETag = str


def md5_string(string: str) -> str:
    """Return the MD5 of a text, in base64."""
    return digests.of_text(string)


def md5_file_b64(*paths: StrPath) -> str:
    """Return the MD5 of the content of files, one after the other in the order of their names, in base64."""
    return _of_files("MD5", paths)


def md5_file_hex(*paths: StrPath) -> str:
    """As `md5_file_b64`, in hexadecimal."""
    return digests.to_hex(md5_file_b64(*paths))


def xxh128_string(string: str) -> str:
    """Return the XXH128 of a text, in base64; needs the package xxhash."""
    return base64.b64encode(digests.maker("XXH128")(string.encode()).digest()).decode()


def xxh128_file_b64(*paths: StrPath) -> str:
    """Return the XXH128 of the content of files, in base64; needs the package xxhash."""
    return _of_files("XXH128", paths)


def xxh128_file_hex(*paths: StrPath) -> str:
    """As `xxh128_file_b64`, in hexadecimal."""
    return digests.to_hex(xxh128_file_b64(*paths))


def b64_to_hex_id(string: str) -> str:
    """Return a digest in hexadecimal."""
    return digests.to_hex(string)


def hex_to_b64_id(encoded_string: str | bytes) -> str:
    """Return a digest in base64."""
    text = encoded_string.decode() if isinstance(encoded_string, bytes) else encoded_string
    return base64.b64encode(bytes.fromhex(text)).decode()


def _of_files(algorithm: str, paths: tuple[StrPath, ...]) -> str:
    hashed = digests.maker(algorithm)()
    for path in sorted(os.fspath(path) for path in paths):
        digests.feed(hashed, path)
    return base64.b64encode(hashed.digest()).decode()

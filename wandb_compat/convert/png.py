"""Reads and writes PNG files chunk by chunk."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def join_chunks(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the PNG file of chunks, each given as (type, data)."""
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def split_chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks of a PNG file as (type, data)."""
    offset = len(SIGNATURE)
    while offset < len(png):
        (size,) = struct.unpack_from(">I", png, offset)
        yield png[offset + 4 : offset + 8], png[offset + 8 : offset + 8 + size]
        offset += size + 12


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))

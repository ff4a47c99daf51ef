"""Finishes on the way to the server what the training process only wrote down: it has no time to compress.

The name of such a file tells what it is: `ID.raw.png` is a PNG that is not compressed, and `ID.raw4.0.mp4` holds the
frames of a video in numpy's format, 4 a second. Both are finished in place: nobody has to remember how far that came.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import struct
import zlib
from pathlib import Path

from wandb_compat.convert import video

log = logging.getLogger(__name__)

LEVEL = 4  # of 9: a PNG as small as what Pillow writes, in less than half the time
ROOM = 1024**2  # bytes that a disk has to have left when it is not to blame for a video without an encoding
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RAW = re.compile(r"\.raw([0-9.]*)\.([a-z0-9]+)$")
_STORED = b"\x78\x01"  # how data begins that zlib has not compressed


def develop(path: Path) -> None:
    """Finish a file, unless it is finished already.

    Raises:
        OSError: it cannot be read or written, or ffmpeg cannot encode it.
        ImportError: what encodes videos is not installed here.
    """
    match = _RAW.search(path.name)
    if match is None:
        return
    finished = path.with_name(f"{path.name}.part.{match[2]}")
    try:
        if match[2] == "png":
            content = path.read_bytes()
            if (packed := compressed(content)) == content:
                return
            finished.write_bytes(packed)
        else:
            with path.open("rb") as stream:
                if not stream.read(6).startswith(b"\x93NUMPY"):
                    return
            try:
                video.encode(path, float(match[1]), match[2], finished)
            except OSError:
                finished.write_bytes(bytes(ROOM))  # a full disk says so, which ffmpeg does not
                raise
        os.replace(finished, path)  # noqa: PTH105 - in one step
    finally:
        with contextlib.suppress(OSError):
            finished.unlink()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def compressed(png: bytes) -> bytes:
    """Return a PNG with its pixels compressed, or the very bytes when they are already."""
    parts: list[tuple[bytes, bytes]] = []
    at = len(SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        parts.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += size + 12
    pixels = b"".join(data for kind, data in parts if kind == b"IDAT")
    if not pixels.startswith(_STORED):
        return png
    where = next(index for index, (kind, _) in enumerate(parts) if kind == b"IDAT")
    parts = [part for part in parts if part[0] != b"IDAT"]
    parts.insert(where, (b"IDAT", zlib.compress(zlib.decompress(pixels), LEVEL)))
    return SIGNATURE + b"".join(chunk(kind, data) for kind, data in parts)

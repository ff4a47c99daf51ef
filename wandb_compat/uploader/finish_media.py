"""Compresses staged media just before upload, so that training does not pay for it.

The name of such a file tells what it is: `ID.raw.png` is a PNG that is not compressed, and `ID.raw4.0.mp4` holds the
frames of a video in numpy's format, 4 a second. Both are finished in place: no one has to remember how far that came.
"""

from __future__ import annotations

import contextlib
import logging
import re
import zlib
from pathlib import Path

from wandb_compat.convert import png, video
from wandb_compat.system.file_access import replace

log = logging.getLogger(__name__)

LEVEL = 4  # of 9: a PNG as small as what Pillow writes, in less than half the time
ROOM = 1024**2  # bytes that a disk has to have left when it is not to blame for a video without an encoding
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
        replace(finished, path)
    finally:
        with contextlib.suppress(OSError):
            finished.unlink()


def compressed(content: bytes) -> bytes:
    """Return a PNG with compressed pixels, or the same bytes if its pixels are compressed already."""
    chunks = list(png.split_chunks(content))
    pixels = b"".join(data for kind, data in chunks if kind == b"IDAT")
    if not pixels.startswith(_STORED):
        return content
    first = next(index for index, (kind, _) in enumerate(chunks) if kind == b"IDAT")
    chunks = [chunk for chunk in chunks if chunk[0] != b"IDAT"]
    chunks.insert(first, (b"IDAT", zlib.compress(zlib.decompress(pixels), LEVEL)))
    return png.join_chunks(chunks)

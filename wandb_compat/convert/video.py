"""Encodes videos from arrays: GIF with Pillow, other formats with the ffmpeg of the extra `media`."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb_compat.convert.deferred import DeferredFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMATS = ("gif", "mp4", "webm", "ogg")
_CHANNELS = (1, 3, 4)
_CODECS = {"mp4": "libx264", "webm": "libvpx-vp9", "ogg": "libtheora"}


class EncoderMissing(ImportError):
    """The video encoder is not installed."""


def from_array(data: Any, fps: int, format: str) -> DeferredFile:
    """Take a snapshot of the frames of an array.

    Args:
        data: (time, channel, height, width), or (batch, time, channel, height, width), which becomes a grid. Values
            from 0 to 255.
        fps: frames per second.
        format: one of FORMATS.

    Raises:
        ValueError: the shape cannot be a video.
        EncoderMissing: the format needs the extra `media`.
    """
    import numpy

    frames = numpy.array(channels_first(data)[0], copy=True)
    if format != "gif" and find_spec("imageio_ffmpeg") is None:
        raise EncoderMissing(
            f"wandb.Video needs imageio-ffmpeg to encode {format}:"
            ' pip install "wandb-compat[media]". Without it, format="gif" works.'
        )
    raw = f".raw{float(fps)}.{format}", partial(_save_frames, frames)
    return DeferredFile(f".{format}", partial(_write, frames, fps, format), int(frames.nbytes), raw)


def channels_first(data: Any) -> tuple[Any, bool]:
    """Return a video with its channels before height and width, and whether that layout had to be guessed.

    Args:
        data: (time, channel, height, width) or (time, height, width, channel), or with a batch in front. Of two
            channels the missing third one becomes 0; of more than four the first three are kept.

    Raises:
        ValueError: the array is empty, or has fewer than four or more than five dimensions.
    """
    import numpy

    if data.ndim < 4:
        raise ValueError("Video must be at least 4 dimensions: time, channels, height, width")
    if data.ndim > 5 or not data.size:
        raise ValueError(
            "wandb.Video takes (time, channels, height, width) or (batch, time, channels, height, width),"
            f" not {tuple(data.shape)}"
        )
    guessed = data.shape[-3] not in _CHANNELS
    if guessed and data.shape[-1] in _CHANNELS:
        data = numpy.moveaxis(data, -1, -3)
    if data.shape[-3] == 2:
        blue = numpy.zeros_like(data[..., :1, :, :])
        data, guessed = numpy.concatenate((data, blue), axis=-3), True
    return (data if data.shape[-3] in _CHANNELS else data[..., :3, :, :]), guessed


def size(data: Any) -> tuple[int, int]:
    """Return width and height in pixels of the video that an array becomes."""
    rows, columns = _grid(data.shape[0] if data.ndim == 5 else 1)
    return columns * data.shape[-1], rows * data.shape[-2]


def _grid(batch: int) -> tuple[int, int]:
    """Return rows and columns of the grid for a batch, arranged as in wandb and TensorBoard."""
    cells = 1 << (batch - 1).bit_length()
    rows: int = 2 ** ((batch.bit_length() - 1) // 2)
    return rows, cells // rows


def _save_frames(frames: NDArray[Any], path: Path) -> None:
    import numpy

    with path.open("wb") as stream:
        numpy.save(stream, frames, allow_pickle=False)


def encode(frames_file: Path, fps: float, format: str, path: Path) -> None:
    """Encode frames that were saved with `numpy.save`.

    Raises:
        OSError: a file cannot be read or written, or ffmpeg failed.
        ImportError: numpy, Pillow or imageio-ffmpeg is not installed.
    """
    import numpy

    with frames_file.open("rb") as stream:
        _write(numpy.load(stream, allow_pickle=False), fps, format, path)


def _write(frames: NDArray[Any], fps: float, format: str, path: Path) -> None:
    frames = _as_grid(frames)
    if format == "gif":
        _write_gif(frames, fps, path)
    else:
        _write_with_ffmpeg(frames, fps, _CODECS[format], path)


def _as_grid(frames: NDArray[Any]) -> NDArray[Any]:
    """Return frames as uint8 (time, height, width, RGB)."""
    import numpy

    if frames.ndim == 4:
        frames = frames[None]
    frames = frames.astype(numpy.uint8)
    batch, time, channels, height, width = frames.shape
    rows, columns = _grid(batch)
    missing = numpy.zeros((rows * columns - batch, time, channels, height, width), numpy.uint8)
    grid = numpy.concatenate((frames, missing)).reshape(rows, columns, time, channels, height, width)
    grid = grid.transpose(2, 0, 4, 1, 5, 3).reshape(time, rows * height, columns * width, channels)
    colours: NDArray[Any] = grid.repeat(3, axis=3) if channels == 1 else grid[..., :3]
    return colours


def _write_gif(frames: NDArray[Any], fps: float, path: Path) -> None:
    from PIL import Image

    first, *others = (Image.fromarray(frame) for frame in frames)
    first.save(path, format="gif", save_all=True, append_images=others, duration=1000 / fps, loop=0)


def _write_with_ffmpeg(frames: NDArray[Any], fps: float, codec: str, path: Path) -> None:
    import imageio_ffmpeg
    import numpy

    _, height, width, _ = frames.shape
    # The codecs store colours for blocks of 2 x 2 pixels: repeat an odd edge.
    frames = numpy.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    shape = (frames.shape[2], frames.shape[1])
    writer = imageio_ffmpeg.write_frames(
        str(path), shape, fps=fps, codec=codec, macro_block_size=1, quality=8, ffmpeg_log_level="error"
    )
    writer.send(None)
    try:
        for frame in frames:
            writer.send(numpy.ascontiguousarray(frame))
    finally:
        writer.close()
    if not path.exists() or not path.stat().st_size:
        raise OSError(f"ffmpeg wrote no {path.suffix[1:]} file")

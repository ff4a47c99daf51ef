"""`wandb.Video`."""

from __future__ import annotations

import os
from io import BytesIO
from typing import Any

# Environment runners of diffusion_policy call `wandb.sdk.data_types.video.util.generate_id()`.
from wandb import util as util
from wandb.errors import Error
from wandb.errors.term import termwarn
from wandb.sdk.data_types.base_types.media import BatchableMedia
from wandb_compat.convert import arrays, deferred, video


class Video(BatchableMedia):
    """A video.

    In Pluto: a video file with its caption; arrays are encoded as `format` says.

    Example:
        >>> wandb.Video(frames, fps=10, format="gif")  # frames: (time, channel, height, width), 0 to 255
    """

    EXTS = video.FORMATS

    _log_type = "video-file"
    _list_type = "videos"
    _folder_name = "videos"

    def __init__(
        self, data_or_path: Any, caption: str | None = None, fps: int | None = None, format: str | None = None
    ) -> None:
        """Take a video: whatever is done to `data_or_path` afterwards does not change it.

        Args:
            data_or_path: path of a file, BytesIO with one, or an array (time, channel, height, width) or (batch, time,
                channel, height, width) of values from 0 to 255.
            caption: text beside the video.
            fps: frames a second of an array, 4 by default.
            format: gif, mp4, webm or ogg; needed unless a path is given. All but gif need the extra `media`.

        Raises:
            OSError: the file cannot be read.
            ValueError: `format` is missing or none of these, or the array is not a video.
            wandb.Error: the extra `media` is not installed.
        """
        super().__init__(caption=caption)
        self._width: int | None = None
        self._height: int | None = None
        self._channels: int | None = None
        if isinstance(data_or_path, (BytesIO, str)) and fps:
            termwarn(
                "`fps` argument does not affect the frame rate of the video when providing a file path or raw bytes."
            )
        if isinstance(data_or_path, BytesIO):
            self._format = _required(format, "raw bytes (an io object)")
            self._set_deferred_file(deferred.from_bytes(data_or_path.read(), f".{self._format}"))
        elif isinstance(data_or_path, (str, os.PathLike)):
            path = os.fspath(data_or_path)
            self._format = _known(os.path.splitext(path)[1][1:].lower())  # noqa: PTH122
            self._set_file(path)
        else:
            self._format = _required(format, "a numpy array")
            if not hasattr(data_or_path, "ndim") and not hasattr(data_or_path, "numpy"):
                raise ValueError(
                    f"wandb.Video accepts a file path or numpy like data as input, not {type(data_or_path).__name__}"
                )
            self.data = arrays.array(data_or_path)
            self.encode(fps or 4)

    def encode(self, fps: int = 4) -> None:
        """Take the frames of `data`; they are encoded once the video has been logged."""
        try:
            frames, guessed = video.channels_first(self.data)
            if guessed:
                termwarn(
                    f"wandb.Video expects (time, channels, height, width) with 1, 3 or 4 channels; the array of shape"
                    f" {tuple(self.data.shape)} is taken as {tuple(frames.shape)}.",
                    repeat=False,
                )
            self._set_deferred_file(video.from_array(frames, fps, self._format))
        except video.EncoderMissing as error:
            raise Error(str(error)) from error
        self._width, self._height = video.size(frames)
        self._channels = frames.shape[-3]

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return the JSON form; an artifact gets the file."""
        answer = super().to_json(run_or_artifact)
        return {**answer, **{name: size for name in ("width", "height") if (size := getattr(self, f"_{name}"))}}


def _known(format: str) -> str:
    if format not in Video.EXTS:
        raise ValueError(f"wandb.Video accepts {', '.join(Video.EXTS)} formats, not {format!r}")
    return format


def _required(format: str | None, what: str) -> str:
    if format is None:
        raise ValueError(f"wandb.Video requires a `format` argument when initializing with {what}.")
    return _known(format)

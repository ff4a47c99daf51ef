"""Pictures of any origin: taken at once, so that their owner may go on with what they were made of; encoded later."""

from __future__ import annotations

import io
import struct
import zlib
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wandb_compat.convert.arrays import array, snapshot
from wandb_compat.convert.deferred import Draft
from wandb_compat.uploader import finish_media

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage

FORMATS = ("png", "jpg", "jpeg", "bmp")
_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}
# What Pillow can write in each format, and the nearest mode for everything else.
_WRITABLE = {
    "png": {"1", "L", "LA", "I;16", "P", "RGB", "RGBA"},
    "jpg": {"1", "L", "RGB", "CMYK", "YCbCr"},
    "bmp": {"1", "L", "P", "RGB", "RGBA"},
}
_NEAREST = {"PA": "RGBA", "RGBA": "RGBA", "I": "I;16", "I;16": "L"}
_UNMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}


class Picture:
    """Pixels as they were when the picture was taken, with `width`, `height` and the bytes they take in memory."""

    def __init__(self, pixels: Any, mode: str | None = None, normalize: bool | None = None) -> None:
        """Keep an array or PIL image that nobody else holds; see `take`."""
        self._pixels = pixels
        self._mode = mode
        self._normalize = normalize
        self._is_array = hasattr(pixels, "shape")
        if self._is_array:
            self.height, self.width = map(int, self._pixels.shape[:2])
            self.nbytes = int(self._pixels.nbytes)
        else:
            self.width, self.height = self._pixels.size
            self.nbytes = self.width * self.height * len(self._pixels.getbands())

    @property
    def mode(self) -> str:
        """Pillow's name of the picture's mode."""
        return str(self._mode or self._pixels.mode)

    def image(self) -> PILImage:
        """Return the picture as Pillow knows it."""
        from PIL import Image

        if not self._is_array:
            return self._pixels  # type: ignore[no-any-return]
        image = Image.fromarray(to_bytes(self._pixels, self._normalize))
        return image if image.mode == self._mode else image.convert(self._mode)

    def write(self, file_type: str, path: Path) -> None:
        """Encode the picture as png, jpg, jpeg or bmp, as wandb does: its artifacts have digests of these bytes."""
        _writable(self.image(), file_type).save(path, format={"jpg": "jpeg"}.get(file_type, file_type))

    def write_raw(self, path: Path) -> None:
        """Encode the picture as a PNG that is not compressed."""
        if (pixels := self._bytes()) is not None:
            path.write_bytes(_png(pixels))
        else:
            _writable(self.image(), "png").save(path, format="png", compress_level=0)

    def _bytes(self) -> NDArray[Any] | None:
        """Return the pixels if a PNG holds them as they are and nothing beside them, else None."""
        if self._is_array:
            return to_bytes(self._pixels, self._normalize) if self._mode == _mode_of(self._pixels) else None
        if self._pixels.mode not in _CHANNELS.values() or self._pixels.info:  # colour profiles, transparency
            return None
        return array(self._pixels)

    def draft(self, file_type: str) -> Draft:
        """Return the file that `write` will write; a PNG can be compressed later."""
        raw = (".raw.png", self.write_raw) if file_type == "png" else None
        return Draft(f".{file_type}", partial(self.write, file_type), self.nbytes, raw)


def take(data: Any, mode: str | None = None, file_type: str | None = None, normalize: bool | None = None) -> Picture:
    """Take a picture of what a script hands over.

    Args:
        data: a PIL image, an array or tensor (height x width x channels, channels first, or height x width), or a
            matplotlib figure or anything on one.
        mode: Pillow's name of the mode that the picture shall have; guessed from the number of channels.
        file_type: png, jpg, jpeg or bmp.
        normalize: whether values are brought to 0 to 255; by default those of floats in [0, 1] and [-1, 1] are, which
            would be black otherwise.

    Raises:
        ValueError: shape, mode or figure are no picture's.
        AttributeError: `data` is nothing of the kind.
    """
    if is_figure(data):
        return Picture(render(data))
    if _is_pillow(data):
        if data.mode == "F":
            return take(snapshot(data), mode, file_type, normalize)
        return Picture(data.copy())
    if not hasattr(data, "ndim") and not hasattr(data, "numpy"):
        raise AttributeError(
            f"wandb.Image takes a path, an array or tensor, a PIL image or a matplotlib figure: {type(data).__name__!r}"
            " object has no attribute 'ndim'"
        )
    pixels = _rows_first(snapshot(data), channels_first=hasattr(data, "detach"))
    guessed = _mode_of(pixels)
    if guessed == "RGBA" and file_type in ("jpg", "jpeg"):
        guessed = "RGB"
    if mode is not None and mode != guessed:
        from PIL import Image

        Image.new(guessed, (1, 1)).convert(mode)  # raises ValueError now and not when nobody listens any more
    return Picture(pixels, mode or guessed, normalize)


def _mode_of(pixels: NDArray[Any]) -> str:
    return "L" if pixels.ndim == 2 else _CHANNELS[pixels.shape[2]]


def _png(pixels: NDArray[Any]) -> bytes:
    """Return the PNG of bytes with 1, 3 or 4 channels, not compressed.

    Twice as fast as Pillow, and without the interpreter lock, for which the caller of `log` would have to wait.
    """
    import numpy

    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    lines = numpy.empty((height, rows.shape[1] + 1), numpy.uint8)
    lines[:, 0] = 2  # each line is the difference from the one above
    lines[0, 1:] = rows[0]
    numpy.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    colour = {"L": 0, "RGB": 2, "RGBA": 6}[_mode_of(pixels)]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.data, 0)), (b"IEND", b""))
    return finish_media.SIGNATURE + b"".join(finish_media.chunk(kind, data) for kind, data in parts)


def _rows_first(pixels: NDArray[Any], channels_first: bool) -> NDArray[Any]:
    """Return an array as height x width or height x width x channels."""
    import numpy

    shape = list(pixels.shape)
    if pixels.ndim > 3:
        pixels = pixels.squeeze()
    if pixels.ndim == 3:
        first, last = (pixels.shape[axis] in _CHANNELS for axis in (0, 2))
        if first and (channels_first or not last):
            pixels = numpy.moveaxis(pixels, 0, 2)
        if pixels.shape[2] == 1:
            pixels = pixels[:, :, 0]
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in _CHANNELS):
        raise ValueError(f"Un-supported shape for image conversion {shape}")
    if not pixels.size:
        raise ValueError(f"wandb.Image: an array of shape {shape} has no pixels")
    return pixels


def to_bytes(pixels: NDArray[Any], normalize: bool | None) -> NDArray[Any]:
    """Return pixel values as integers from 0 to 255; see `take`."""
    import numpy

    kind = pixels.dtype.kind
    if kind == "b":
        pixels = pixels.astype(numpy.uint8) * 255
    if normalize or (normalize is None and kind == "f"):
        pixels = numpy.nan_to_num(pixels.astype(float), nan=0.0)
        low, high = pixels.min(), pixels.max()
        if low >= 0 and high <= 1:
            pixels = pixels * 255
        elif low >= -1 and high <= 1:
            pixels = (pixels + 1) * 127.5
        pixels = pixels.clip(0, 255)
    with numpy.errstate(invalid="ignore"):
        return numpy.ascontiguousarray(pixels.astype(numpy.uint8))


def _writable(image: PILImage, file_type: str) -> PILImage:
    modes = _WRITABLE["jpg" if file_type == "jpeg" else file_type]
    if image.mode in modes:
        return image
    if image.mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.applyTransform(image, ImageCms.buildTransform(*profiles, "LAB", "RGB"))
        assert converted is not None
        return converted
    if image.mode in ("I;16B", "I;16L", "I;16N"):  # in the other order of bytes
        return _writable(image.convert("I"), file_type)
    if image.mode in _UNMULTIPLIED:
        return _writable(image.convert(_UNMULTIPLIED[image.mode]), file_type)
    nearest = _NEAREST.get(image.mode, "RGB")
    return image.convert(nearest if nearest in modes else "RGB")


def _is_pillow(data: Any) -> bool:
    # By name: another thread may be in the middle of importing Pillow.
    return any((one.__module__, one.__name__) == ("PIL.Image", "Image") for one in type(data).__mro__)


def is_picture(data: Any) -> bool:
    """Whether a value that is logged as it is shall be drawn: a PIL image, or a matplotlib figure or part of one."""
    return _is_pillow(data) or is_figure(data)


def is_figure(data: Any) -> bool:
    """Whether a value is matplotlib's: pyplot, a figure, axes or what lies on them."""
    if isinstance(data, ModuleType):
        return data.__name__ == "matplotlib.pyplot"
    return any(one.__module__.startswith("matplotlib.") for one in type(data).__mro__)


def figure_of(data: Any) -> Any:
    """Return the figure that a value of matplotlib's belongs to.

    Raises:
        ValueError: it belongs to none.
    """
    figure = data.gcf() if isinstance(data, ModuleType) else data
    if not hasattr(figure, "savefig"):
        figure = getattr(figure, "figure", None)
    if not hasattr(figure, "savefig"):
        raise ValueError("Only matplotlib.pyplot or matplotlib.pyplot.Figure objects are accepted.")
    return figure


def render(data: Any) -> PILImage:
    """Draw a figure: a figure can only be kept by drawing it, scripts clear and close theirs at once."""
    from PIL import Image

    buffer = io.BytesIO()
    figure_of(data).savefig(buffer, format="png", pil_kwargs={"compress_level": 1})
    return Image.open(buffer)


def red(mask: NDArray[Any], path: Path) -> None:
    """Write a mask as Pluto reads it: a PNG with the class of each pixel in the red channel."""
    import numpy
    from PIL import Image

    pixels = numpy.zeros((*mask.shape, 3), numpy.uint8)
    pixels[..., 0] = mask
    Image.fromarray(pixels).save(path, format="png")


def red_file(path: Path) -> None:
    """Rewrite the file of a mask, whose pixels are classes, as Pluto reads it; colours stay as they are."""
    import numpy
    from PIL import Image

    with Image.open(path) as image:
        if image.mode not in ("1", "L", "P", "I", "I;16"):
            return
        classes = numpy.asarray(image).astype(numpy.uint8)
    red(classes, path)

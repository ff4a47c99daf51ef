"""Takes snapshots of images: arrays, PIL images and figures. They are encoded later."""

from __future__ import annotations

import struct
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb_compat.convert import png
from wandb_compat.convert.arrays import array, snapshot
from wandb_compat.convert.deferred import DeferredFile
from wandb_compat.convert.figures import render_matplotlib
from wandb_compat.convert.kinds import is_matplotlib, is_pillow_image

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage

FORMATS = ("png", "jpg", "jpeg", "bmp")
_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}
# The modes that Pillow writes in each format, and the nearest of them for every other mode.
_WRITABLE = {
    "png": {"1", "L", "LA", "I;16", "P", "RGB", "RGBA"},
    "jpg": {"1", "L", "RGB", "CMYK", "YCbCr"},
    "bmp": {"1", "L", "P", "RGB", "RGBA"},
}
_NEAREST = {"PA": "RGBA", "RGBA": "RGBA", "I": "I;16", "I;16": "L"}
_UNMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}


class ImageSnapshot:
    """The pixels of an image at the moment it was logged.

    Args:
        pixels: a PIL image, or an array (height, width) or (height, width, channels). The caller must not keep it.
        mode: Pillow's name of the mode for an array.
        normalize: see `from_data`.
    """

    def __init__(self, pixels: Any, mode: str | None = None, normalize: bool | None = None) -> None:
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
        """Pillow's name of the image's mode."""
        return str(self._mode or self._pixels.mode)

    def image(self) -> PILImage:
        """Return the image as a PIL image."""
        from PIL import Image

        if not self._is_array:
            return self._pixels  # type: ignore[no-any-return]  # either an array or a PIL image
        image = Image.fromarray(to_bytes(self._pixels, self._normalize))
        return image if image.mode == self._mode else image.convert(self._mode)

    def write(self, file_type: str, path: Path) -> None:
        """Encode as png, jpg, jpeg or bmp, byte for byte as wandb: artifact digests depend on these bytes."""
        _writable(self.image(), file_type).save(path, format={"jpg": "jpeg"}.get(file_type, file_type))

    def write_raw(self, path: Path) -> None:
        """Write a PNG without compression."""
        if (pixels := self._png_pixels()) is not None:
            path.write_bytes(_uncompressed_png(pixels))
        else:
            _writable(self.image(), "png").save(path, format="png", compress_level=0)

    def _png_pixels(self) -> NDArray[Any] | None:
        """Return the pixels if a PNG can hold them without conversion and needs nothing else, else None."""
        if self._is_array:
            return to_bytes(self._pixels, self._normalize) if self._mode == _mode_of(self._pixels) else None
        if self._pixels.mode not in _CHANNELS.values() or self._pixels.info:  # colour profiles, transparency
            return None
        return array(self._pixels)

    def deferred_file(self, file_type: str) -> DeferredFile:
        """Return the file that `write` will write. The uploader compresses a PNG."""
        raw = (".raw.png", self.write_raw) if file_type == "png" else None
        return DeferredFile(f".{file_type}", partial(self.write, file_type), self.nbytes, raw)


def from_data(
    data: Any, mode: str | None = None, file_type: str | None = None, normalize: bool | None = None
) -> ImageSnapshot:
    """Take a snapshot of an image.

    Args:
        data: a PIL image, a matplotlib figure or an object on one, or an array or tensor of shape (height, width),
            (height, width, channels) or (channels, height, width).
        mode: Pillow's name of the resulting mode; by default it follows from the number of channels.
        file_type: png, jpg, jpeg or bmp.
        normalize: whether to scale values to 0 to 255. By default only floats in [0, 1] or [-1, 1] are scaled, which
            would be black otherwise.

    Raises:
        ValueError: the shape, mode or figure cannot be an image.
        AttributeError: `data` has none of these types.
    """
    if is_matplotlib(data):
        return ImageSnapshot(render_matplotlib(data))
    if is_pillow_image(data):
        if data.mode == "F":
            return from_data(snapshot(data), mode, file_type, normalize)
        return ImageSnapshot(data.copy())
    if not hasattr(data, "ndim") and not hasattr(data, "numpy"):
        raise AttributeError(
            f"wandb.Image takes a path, an array or tensor, a PIL image or a matplotlib figure: {type(data).__name__!r}"
            " object has no attribute 'ndim'"
        )
    pixels = _channels_last(snapshot(data), channels_first=hasattr(data, "detach"))
    guessed = _mode_of(pixels)
    if guessed == "RGBA" and file_type in ("jpg", "jpeg"):
        guessed = "RGB"
    if mode is not None and mode != guessed:
        from PIL import Image

        Image.new(guessed, (1, 1)).convert(mode)  # raises ValueError here and not later in the encoder thread
    return ImageSnapshot(pixels, mode or guessed, normalize)


def _mode_of(pixels: NDArray[Any]) -> str:
    return "L" if pixels.ndim == 2 else _CHANNELS[pixels.shape[2]]


def _uncompressed_png(pixels: NDArray[Any]) -> bytes:
    """Return a PNG without compression.

    Twice as fast as Pillow, and it does not hold the interpreter lock, which would delay the caller of `log`.

    Args:
        pixels: uint8, (height, width) or (height, width, channels) with 1, 3 or 4 channels.
    """
    import numpy

    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    lines = numpy.empty((height, rows.shape[1] + 1), numpy.uint8)
    lines[:, 0] = 2  # PNG's filter "up": each line holds the difference from the line above
    lines[0, 1:] = rows[0]
    numpy.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    colour = {"L": 0, "RGB": 2, "RGBA": 6}[_mode_of(pixels)]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return png.join_chunks(((b"IHDR", header), (b"IDAT", zlib.compress(lines.data, 0)), (b"IEND", b"")))


def _channels_last(pixels: NDArray[Any], channels_first: bool) -> NDArray[Any]:
    """Return an array as (height, width) or (height, width, channels)."""
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
    """Return pixel values as uint8; see `from_data`."""
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
    if image.mode in ("I;16B", "I;16L", "I;16N"):  # an explicit byte order
        return _writable(image.convert("I"), file_type)
    if image.mode in _UNMULTIPLIED:
        return _writable(image.convert(_UNMULTIPLIED[image.mode]), file_type)
    nearest = _NEAREST.get(image.mode, "RGB")
    return image.convert(nearest if nearest in modes else "RGB")


def write_class_mask(mask: NDArray[Any], path: Path) -> None:
    """Write a mask in Pluto's form: a PNG with the class of each pixel in the red channel.

    Args:
        mask: class ids from 0 to 255, (height, width).
        path: of the new file.
    """
    import numpy
    from PIL import Image

    pixels = numpy.zeros((*mask.shape, 3), numpy.uint8)
    pixels[..., 0] = mask
    Image.fromarray(pixels).save(path, format="png")


def rewrite_class_mask(path: Path) -> None:
    """Convert a mask file to Pluto's form in place. A file with colours is kept as it is."""
    import numpy
    from PIL import Image

    with Image.open(path) as image:
        if image.mode not in ("1", "L", "P", "I", "I;16"):
            return
        classes = numpy.asarray(image).astype(numpy.uint8)
    write_class_mask(classes, path)

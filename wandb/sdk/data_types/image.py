"""`wandb.Image`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wandb._native.tables.image_column import _ImageFileType
from wandb.errors.term import termwarn
from wandb.sdk.data_types import _dtypes
from wandb.sdk.data_types.base_types.media import BatchableMedia, Media
from wandb.sdk.data_types.helper_types.bounding_boxes_2d import BoundingBoxes2D
from wandb.sdk.data_types.helper_types.classes import Classes
from wandb.sdk.data_types.helper_types.image_mask import ImageMask
from wandb_compat.convert.images import FORMATS, ImageSnapshot, from_data

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage


class Image(BatchableMedia):
    """An image, with boxes and masks.

    In Pluto: an image file with its caption; boxes and masks as Pluto's annotations, masks as PNG files beside it.

    Example:
        >>> run.log({"samples": [wandb.Image(pixels, caption=f"sample {i}") for i, pixels in enumerate(batch)]})
    """

    MAX_ITEMS = 108
    MAX_DIMENSION = 65500

    _log_type = "image-file"
    _list_type = "images/separated"
    _folder_name = "images"

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Classes | Sequence[dict[str, Any]] | None = None,
        boxes: Mapping[str, BoundingBoxes2D | dict[str, Any]] | None = None,
        masks: Mapping[str, ImageMask | dict[str, Any]] | None = None,
        file_type: str | None = None,
        normalize: bool | None = None,
    ) -> None:
        """Take an image: whatever is done to `data_or_path` afterwards does not change it.

        Args:
            data_or_path: path of an image file, PIL image, array or tensor (height x width x channels, channels first,
                or height x width; 1, 3 or 4 channels), matplotlib figure, or another wandb.Image.
            mode: Pillow's name of the mode that an array shall have, such as "L" or "RGB"; by default the number of
                channels says it.
            caption: text beside the image.
            grouping: number of a group; kept in the summary only.
            classes: names of the classes in boxes and masks.
            boxes: layers of boxes by name; see BoundingBoxes2D.
            masks: layers of masks by name; see ImageMask.
            file_type: png (the default), jpg, jpeg or bmp; without effect on a path.
            normalize: False takes the values of an array as they are, as wandb 0.31 does. By default those of booleans,
                and of floats in [0, 1] or [-1, 1], which would be black otherwise, are brought to 0 to 255. True does
                so for integers too.

        Raises:
            OSError: the file cannot be read, or is not an image.
            ValueError: shape, mode, `file_type`, boxes or masks are not of the form above.
            TypeError: boxes or masks are not of the form above.

        Example:
            >>> wandb.Image(pixels, boxes={"found": {"box_data": [...], "class_labels": {0: "car"}}})
        """
        super().__init__()
        self.format: str | None = None
        self._grouping: int | None = None
        self._width: int | None = None
        self._height: int | None = None
        self._image: PILImage | None = None
        self._snapshot: ImageSnapshot | None = None
        self._classes: Classes | None = None
        self._boxes: dict[str, BoundingBoxes2D] | None = None
        self._masks: dict[str, ImageMask] | None = None
        self._file_type = file_type
        if isinstance(data_or_path, Image):
            self._take_image(data_or_path)
        elif isinstance(data_or_path, (str, os.PathLike)):
            self._take_path(os.fspath(data_or_path))
        else:
            self._take_data(data_or_path, mode, file_type, normalize)
        self._grouping = self._grouping if grouping is None else grouping
        self._caption = self._caption if caption is None else caption
        self._annotate(classes, boxes, masks)

    def _take_image(self, other: Image) -> None:
        for name in ("format", "_grouping", "_caption", "_width", "_height", "_snapshot", "_classes", "_file_type"):
            setattr(self, name, getattr(other, name))
        for name in ("_path", "_deferred_file", "_is_tmp", "_extension", "_artifact_source", "_artifact_target"):
            setattr(self, name, getattr(other, name))

    def _take_path(self, path: str) -> None:
        self.format = os.path.splitext(path)[1][1:]  # noqa: PTH122
        if self.path_is_reference(path):
            self._path, self._is_tmp = path, False
            return
        self._set_file(path)
        from PIL import Image as pillow

        with pillow.open(path) as image:
            image.load()  # a file that is cut off is found out now
            self._width, self._height = image.size

    def _take_data(self, data: Any, mode: str | None, file_type: str | None, normalize: bool | None) -> None:
        self.format = file_type or "png"
        if self.format not in FORMATS:
            raise ValueError(f"file_type must be one of {list(FORMATS)}, not {file_type!r}")
        if self.format in ("jpg", "jpeg") and 4 in getattr(data, "shape", ())[-3::2]:
            termwarn("JPEG format does not support transparency. Ignoring alpha channel.", repeat=False)
        self._snapshot = from_data(data, mode, file_type, normalize)
        self._width, self._height = self._snapshot.width, self._snapshot.height
        self._set_deferred_file(self._snapshot.deferred_file(self.format))

    def _annotate(self, classes: Any, boxes: Any, masks: Any) -> None:
        for name, layers in (("boxes", boxes), ("masks", masks)):
            if layers and not isinstance(layers, Mapping):
                raise ValueError(f'Images "{name}" argument must be a dictionary, not {type(layers).__name__}')
        names: dict[Any, str] = {}
        if boxes:
            self._boxes = {
                layer: value if isinstance(value, BoundingBoxes2D) else BoundingBoxes2D(value, layer)
                for layer, value in boxes.items()
            }
            for one in self._boxes.values():
                names.update(one._class_labels)
        if masks:
            self._masks = {
                layer: value if isinstance(value, ImageMask) else ImageMask(value, layer)
                for layer, value in masks.items()
            }
            for mask in self._masks.values():
                names.update(getattr(mask, "_val", {}).get("class_labels", {}))
        if classes is not None:
            chosen = classes._class_set if isinstance(classes, Classes) else classes
            names.update({one["id"]: one["name"] for one in chosen})
        if names:
            self._classes = Classes([{"id": number, "name": name} for number, name in names.items()])

    @property
    def image(self) -> PILImage | None:
        """The image as Pillow knows it, or None for a reference to a file elsewhere."""
        if self._image is None and not self.path_is_reference(self._path):
            if self._snapshot is not None:
                self._image = self._snapshot.image()
            else:
                from PIL import Image as pillow

                with pillow.open(self._file()) as image:
                    image.load()
                    self._image = image.copy()
        return self._image

    def guess_mode(self, data: Any, file_type: str | None = None) -> str:
        """Return Pillow's name of the mode for an array or tensor.

        Raises:
            ValueError: it has no shape of an image.
        """
        return from_data(data, None, file_type).mode

    def bind_to_run(
        self,
        run: Any,
        key: int | str,
        step: int | str,
        id_: int | str | None = None,
        ignore_copy_err: bool | None = None,
    ) -> None:
        """Put copies of the image and its masks into the run's folder; see `Media.bind_to_run`."""
        super().bind_to_run(run, key, step, id_, ignore_copy_err)
        for part in (*(self._boxes or {}).values(), *(self._masks or {}).values()):
            part.bind_to_run(run, key, step)

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return the JSON form; an artifact gets the files.

        Raises:
            ValueError: boxes or masks without names of their classes are added to an artifact.
        """
        answer = {**super().to_json(run_or_artifact), "format": self.format}
        answer.update({name: value for name in ("width", "height", "grouping") if (value := getattr(self, f"_{name}"))})
        if hasattr(run_or_artifact, "add_file"):
            if (self._boxes or self._masks) and self._classes is None:
                raise ValueError(
                    "classes must be passed to wandb.Image which have masks or bounding boxes when adding to artifacts"
                )
            if self._classes is not None:
                from hashlib import md5

                text = str(self._classes._class_set).encode()
                entry = run_or_artifact.add(
                    self._classes, f"media/classes/{md5(text, usedforsecurity=False).hexdigest()}_cls"
                )
                answer["classes"] = {"type": "classes-file", "path": entry.path, "digest": entry.digest}
        if self._boxes:
            answer["boxes"] = {layer: one.to_json(run_or_artifact) for layer, one in self._boxes.items()}
        if self._masks:
            answer["masks"] = {layer: one.to_json(run_or_artifact) for layer, one in self._masks.items()}
        return answer

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Image:
        """Return the image of a JSON form and of the artifact that holds its files."""
        boxes = {
            layer: BoundingBoxes2D.from_json(one, source_artifact) for layer, one in json_obj.get("boxes", {}).items()
        }
        masks = {layer: ImageMask.from_json(one, source_artifact) for layer, one in json_obj.get("masks", {}).items()}
        classes = json_obj.get("classes")
        return cls(
            source_artifact.get_entry(json_obj["path"]).download(),
            caption=json_obj.get("caption"),
            grouping=json_obj.get("grouping"),
            classes=source_artifact.get(classes["path"]) if classes else None,
            boxes=boxes,
            masks=masks,
        )

    @classmethod
    def all_captions(cls, images: Sequence[Media]) -> bool | Sequence[str | None]:
        """Return the captions of several images, or False when the first has none."""
        return cls.captions(images)

    @classmethod
    def all_masks(cls, images: Sequence[Image], run: Any, run_key: str, step: int | str) -> list[Any] | bool:
        """Return the JSON forms of the masks of several images, or False when none has any."""
        return _layers(images, "_masks", run)

    @classmethod
    def all_boxes(cls, images: Sequence[Image], run: Any, run_key: str, step: int | str) -> list[Any] | bool:
        """Return the JSON forms of the boxes of several images, or False when none has any."""
        return _layers(images, "_boxes", run)

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: str, step: int | str) -> dict[str, Any]:
        """Return the JSON form of several images."""
        first = seq[0]
        answer = super().seq_to_json(seq, run, key, step)
        answer.update(width=first._width, height=first._height, format=first.format)
        for name, layers in (
            ("all_masks", cls.all_masks(seq, run, key, step)),
            ("all_boxes", cls.all_boxes(seq, run, key, step)),
        ):
            if layers:
                answer[name] = layers
        return answer

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Image):
            return False
        if self.path_is_reference(self._path) or other.path_is_reference(other._path):
            return self._path == other._path
        ours, theirs = self.image, other.image
        return (self._grouping, self._caption, self._width, self._height, self._classes) == (
            other._grouping,
            other._caption,
            other._width,
            other._height,
            other._classes,
        ) and (ours and (ours.mode, ours.tobytes())) == (theirs and (theirs.mode, theirs.tobytes()))

    __hash__ = None  # type: ignore[assignment]

    def to_data_array(self) -> list[Any]:
        """Return the pixels row by row."""
        image = self.image
        if image is None:
            return []
        import numpy

        pixels = numpy.asarray(image)
        rows: list[Any] = pixels.tolist()
        return [[tuple(pixel) for pixel in row] for row in rows] if pixels.ndim == 3 else rows


def _layers(images: Sequence[Image], name: str, run: Any) -> list[Any] | bool:
    found = [
        {layer: one.to_json(run) for layer, one in layers.items()} if (layers := getattr(image, name)) else None
        for image in images
    ]
    return found if any(found) else False


_ImageFileType.types = [Image]
_dtypes.TypeRegistry.add(_ImageFileType)

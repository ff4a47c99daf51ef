"""A mask on an image."""

from __future__ import annotations

from functools import partial
from typing import Any

from wandb.sdk.data_types.base_types.media import Media
from wandb.sdk.data_types.helper_types.bounding_boxes_2d import check_labels
from wandb_compat.convert import arrays, images
from wandb_compat.convert.deferred import DeferredFile


class ImageMask(Media):
    """One mask on an image, usually given as a dict: `wandb.Image(..., masks={"predictions": {...}})`."""

    _log_type = "mask"

    def __init__(self, val: dict[str, Any], key: str) -> None:
        """Take a mask.

        Args:
            val: `mask_data`, a 2D array of class ids from 0 to 255, or `path` of an image file with class ids as
                pixels; optionally `class_labels`, names by class id.
            key: name of the layer.

        Raises:
            TypeError: something is not of this form.
            OSError: the file cannot be read.
        """
        super().__init__()
        self._key = key
        self._val: dict[str, Any]
        if "path" in val:
            self._set_file(str(val["path"]))
            if "class_labels" in val:
                check_labels(val["class_labels"])
                self._val = {"class_labels": dict(val["class_labels"])}
            return
        self.validate(val)
        import numpy

        data = arrays.snapshot(val["mask_data"])
        used = numpy.unique(data).astype(int).tolist()
        labels = dict(val.get("class_labels", {number: f"class_{number}" for number in used}))
        self._val = {"mask_data": data, "class_labels": labels}
        self._set_deferred_file(
            DeferredFile(f".{self.type_name()}.png", partial(images.write_class_mask, data), int(data.nbytes))
        )

    @classmethod
    def get_media_subdir(cls) -> str:
        """Return the folder for such files in a run's or an artifact's."""
        return f"media/images/{cls.type_name()}"

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> ImageMask:
        """Return the mask of a JSON form and of the artifact that holds its file."""
        return cls({"path": source_artifact.get_entry(json_obj["path"]).download()}, key="")

    @classmethod
    def type_name(cls) -> str:
        """Return the name of the type in the names of files."""
        return "mask"

    def validate(self, val: dict[str, Any]) -> bool:
        """Return True, or raise TypeError for what is not a mask."""
        if "mask_data" not in val:
            raise TypeError(
                'Missing key "mask_data": An image mask requires mask data: a 2D array representing the predictions'
            )
        data = arrays.array(val["mask_data"])
        if data.ndim != 2:
            raise TypeError(f"mask_data must be a 2D array, not one of shape {data.shape}")
        if not ((data >= 0) & (data <= 255)).all():
            raise TypeError("Mask data must be integers between 0 and 255")
        check_labels(val.get("class_labels", {}))
        return True

"""Boxes on an image."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

from wandb.sdk.data_types.base_types.json_metadata import JSONMetadata


def check_labels(labels: Mapping[Any, Any]) -> None:
    """Raise TypeError unless names of classes are given by number."""
    for number, label in labels.items():
        if not isinstance(number, numbers.Number) or not isinstance(label, str):
            raise TypeError(f"Class labels must be a dictionary of numbers to strings, not {number!r}: {label!r}")


class BoundingBoxes2D(JSONMetadata):
    """One layer of boxes on an image, usually given as a dict: `wandb.Image(..., boxes={"predictions": {...}})`."""

    _log_type = "bounding-boxes"

    def __init__(self, val: dict[str, Any], key: str) -> None:
        """Take a layer of boxes.

        Args:
            val: `box_data`, a list of dicts with `position` (`minX`, `maxX`, `minY`, `maxY`, or `middle`, `width`,
                `height`), and optionally `class_id`, `scores`, `box_caption` and `domain` ("pixel"; without it
                positions are fractions of the image); optionally `class_labels`, names by class id.
            key: name of the layer.

        Raises:
            TypeError: something is not of this form.
        """
        super().__init__(val)
        self._val = self._val["box_data"]
        self._key = key
        used = sorted({box["class_id"] for box in self._val if "class_id" in box})
        self._class_labels = dict(val.get("class_labels", {number: f"class_{number}" for number in used}))

    @classmethod
    def type_name(cls) -> str:
        """Return the name of the type in the names of files."""
        return "boxes2D"

    def validate(self, val: dict[str, Any]) -> bool:
        """Return True, or raise TypeError for what is not a layer of boxes."""
        check_labels(val.get("class_labels", {}))
        boxes = val["box_data"]
        if not isinstance(boxes, list):
            raise TypeError(f"Boxes must be a list, not {type(boxes).__name__}")
        for box in boxes:
            position = box.get("position", {})
            middle = position.get("middle", ())
            if not (len(middle) == 2 and _numbers(position, "width", "height")) and not _numbers(
                position, "minX", "maxX", "minY", "maxY"
            ):
                raise TypeError(
                    "Each box must contain a position with: middle, width, and height or minX, maxX, minY, maxY; not"
                    f" {position!r}"
                )
            scores = box.get("scores", {})
            if not isinstance(scores, dict):
                raise TypeError(f"Box scores must be a dictionary, not {scores!r}")
            for name, score in scores.items():
                if not isinstance(name, str):
                    raise TypeError(f"A score key must be a string, not {name!r}")
                if not isinstance(score, numbers.Number):
                    raise TypeError(f"A score value must be a number, not {score!r}")
            if not isinstance(box.get("class_id", 0), int):
                raise TypeError(f"A box's class_id must be an integer, not {box['class_id']!r}")
            if not isinstance(box.get("box_caption", ""), str):
                raise TypeError(f"A box's caption must be a string, not {box['box_caption']!r}")
        return True

    def to_json(self, run_or_artifact: Any) -> Any:  # type: ignore[override] # wandb names it so
        """Return the JSON form; in an artifact it is the list of boxes itself."""
        return self._val if hasattr(run_or_artifact, "add_file") else super().to_json(run_or_artifact)

    @classmethod
    def from_json(cls, json_obj: Any, source_artifact: Any) -> BoundingBoxes2D:
        """Return the boxes of a JSON form."""
        return cls({"box_data": json_obj}, "")


def _numbers(position: Mapping[str, Any], *names: str) -> bool:
    return all(_is_number(position.get(name)) for name in names)


def _is_number(value: Any) -> bool:
    # A number of any library: of numpy, or a tensor with one element.
    return isinstance(value, numbers.Number) or (hasattr(value, "item") and not getattr(value, "shape", (1,)))

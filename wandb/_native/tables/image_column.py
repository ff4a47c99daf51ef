"""The type of a column that holds images: it gathers the layers and classes of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from wandb.sdk.data_types import _dtypes

Names = dict[str, str]


class _ImageFileType(_dtypes.Type):
    """Takes every image."""

    __module__ = "wandb.sdk.data_types.image"  # where wandb defines the class: pickles name that module

    name = "image-file"
    legacy_names: ClassVar[list[str]] = ["wandb.Image"]

    def __init__(
        self,
        box_layers: Any = None,
        box_score_keys: Any = None,
        mask_layers: Any = None,
        box_class_maps: Any = None,
        mask_class_maps: Any = None,
        class_map: Any = None,
        **_: Any,
    ) -> None:
        """Tell what the images have: ids of classes and names of classes by layer, keys of scores, names of classes."""
        self.params.update(
            box_layers=_dtypes.ConstType(_sets(_value(box_layers))),
            box_score_keys=_dtypes.ConstType(set(_value(box_score_keys) or ())),
            mask_layers=_dtypes.ConstType(_sets(_value(mask_layers))),
            box_class_maps=_dtypes.ConstType(_maps(_value(box_class_maps))),
            mask_class_maps=_dtypes.ConstType(_maps(_value(mask_class_maps))),
            class_map=_dtypes.ConstType(dict(_value(class_map) or {})),
        )

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _ImageFileType:
        boxes = {str(layer): one for layer, one in (py_obj._boxes or {}).items()}
        masks = {str(layer): getattr(one, "_val", {}) for layer, one in (py_obj._masks or {}).items()}
        classes = py_obj._classes._class_set if py_obj._classes else []
        return cls(
            box_layers={layer: one._class_labels for layer, one in boxes.items()},
            box_score_keys={key for one in boxes.values() for box in one._val for key in box.get("scores") or ()},
            mask_layers={layer: answer.get("class_labels", ()) for layer, answer in masks.items()},
            box_class_maps={layer: one._class_labels for layer, one in boxes.items()},
            mask_class_maps={
                layer: answer["class_labels"] for layer, answer in masks.items() if "class_labels" in answer
            },
            class_map={str(one["id"]): one["name"] for one in classes},
        )

    def assign_type(self, wb_type: _dtypes.Type) -> _dtypes.Type:
        if not isinstance(wb_type, _ImageFileType):
            return _dtypes.InvalidType()
        if self == wb_type:
            return self
        ours, theirs = ({name: one.params["val"] for name, one in kind.params.items()} for kind in (self, wb_type))

        def layers(name: str) -> dict[str, set[Any]]:
            both = {**ours[name], **theirs[name]}
            return {layer: {*ours[name].get(layer, ()), *theirs[name].get(layer, ())} for layer in both}

        def maps(name: str) -> dict[str, Names]:
            both = {**ours[name], **theirs[name]}
            return {layer: {**theirs[name].get(layer, {}), **ours[name].get(layer, {})} for layer in both}

        return _ImageFileType(
            layers("box_layers"),
            ours["box_score_keys"] | theirs["box_score_keys"],
            layers("mask_layers"),
            maps("box_class_maps"),
            maps("mask_class_maps"),
            {**theirs["class_map"], **ours["class_map"]},
        )


def _value(param: Any) -> Any:
    """Return a parameter as it is given in Python; from JSON it comes as a type."""
    return param.params["val"] if isinstance(param, _dtypes.ConstType) else param


def _sets(layers: Mapping[str, Iterable[Any]] | None) -> dict[str, set[Any]]:
    return {str(layer): set(ids) for layer, ids in (layers or {}).items()}


def _maps(layers: Mapping[str, Mapping[Any, str]] | None) -> dict[str, Names]:
    return {str(layer): {str(id): name for id, name in names.items()} for layer, names in (layers or {}).items()}

"""The type of a column that holds ids of classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from wandb.sdk.data_types import _dtypes
from wandb.sdk.data_types.helper_types.classes import Classes


class _ClassesIdType(_dtypes.Type):
    """Takes the ids of some classes and nothing else."""

    name = "classesId"
    legacy_names: ClassVar[list[str]] = ["wandb.Classes_id"]
    types: ClassVar[list[type]] = [Classes]

    def __init__(self, classes_obj: Any = None, valid_ids: Any = None) -> None:
        """Name the classes, or list their ids alone."""
        if classes_obj is None:
            ids = valid_ids.params["allowed_types"] if isinstance(valid_ids, _dtypes.UnionType) else valid_ids or []
            values = [one.params["val"] if isinstance(one, _dtypes.ConstType) else one for one in ids]
            classes_obj = Classes([{"id": one, "name": str(one)} for one in values])
        self.wb_classes_obj_ref = classes_obj
        known = [_dtypes.ConstType(one["id"]) for one in classes_obj._class_set]
        self.params["valid_ids"] = _dtypes.UnionType(known)

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _ClassesIdType:
        return cls(py_obj)

    def assign(self, py_obj: Any = None) -> _dtypes.Type:
        return self.assign_type(_dtypes.ConstType(py_obj))

    def assign_type(self, wb_type: _dtypes.Type) -> _dtypes.Type:
        fits = not isinstance(self.params["valid_ids"].assign_type(wb_type), _dtypes.InvalidType)
        return self if fits else _dtypes.InvalidType()

    def to_json(self, artifact: Any = None) -> dict[str, Any]:
        """Return the JSON form; the classes are added to the artifact."""
        told = super().to_json(artifact)
        if artifact is None:
            told["params"]["classes_obj"] = self.wb_classes_obj_ref.to_json(artifact)
        else:
            entry = artifact.add(self.wb_classes_obj_ref, "media/cls")
            where = {"type": "classes-file", "path": entry.path, "digest": entry.digest}
            told["params"]["classes_obj"] = where
        return told

    @classmethod
    def from_json(cls, json_dict: Mapping[str, Any], artifact: Any = None) -> _ClassesIdType:
        """Return the type of a JSON form and of the artifact that has the classes."""
        told = json_dict["params"]["classes_obj"]
        if told.get("type") != "classes-file":
            return cls(Classes.from_json(told, artifact))
        return cls(artifact.get(told["path"]))


_dtypes.TypeRegistry.add(_ClassesIdType)

"""`wandb.Classes`: the names of the classes that boxes and masks refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wandb.sdk.data_types import _dtypes
from wandb.sdk.data_types.base_types.media import Media


class Classes(Media):
    """Names of classes.

    Example:
        >>> wandb.Classes([{"id": 0, "name": "person"}, {"id": 1, "name": "tree"}])
    """

    _log_type = "classes"

    def __init__(self, class_set: Sequence[dict[str, Any]]) -> None:
        """Name classes: `class_set` has one dict a class, with `id` and `name`.

        Raises:
            AssertionError: one lacks `id` or `name`.
        """
        super().__init__()
        for one in class_set:
            assert "id" in one and "name" in one, f"wandb.Classes: {one!r} lacks `id` or `name`"
        self._class_set = class_set

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Classes:
        """Return the classes of a JSON form."""
        return cls(json_obj["class_set"])

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return the JSON form."""
        return {"_type": self._log_type, "class_set": self._class_set}

    def get_type(self) -> Any:
        """Return the type of a table's column that holds ids of these classes."""
        return _ClassesIdType(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Classes) and self._class_set == other._class_set

    __hash__ = None


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
        answer = super().to_json(artifact)
        if artifact is None:
            answer["params"]["classes_obj"] = self.wb_classes_obj_ref.to_json(artifact)
        else:
            entry = artifact.add(self.wb_classes_obj_ref, "media/cls")
            where = {"type": "classes-file", "path": entry.path, "digest": entry.digest}
            answer["params"]["classes_obj"] = where
        return answer

    @classmethod
    def from_json(cls, json_dict: Mapping[str, Any], artifact: Any = None) -> _ClassesIdType:
        """Return the type of a JSON form and of the artifact that has the classes."""
        answer = json_dict["params"]["classes_obj"]
        if answer.get("type") != "classes-file":
            return cls(Classes.from_json(answer, artifact))
        return cls(artifact.get(answer["path"]))


_dtypes.TypeRegistry.add(_ClassesIdType)

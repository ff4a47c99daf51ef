"""`wandb.Classes`: the names of the classes that boxes and masks refer to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """Return the JSON form."""
        return {"_type": self._log_type, "class_set": self._class_set}

    def get_type(self) -> Any:
        """Return the type of a table's column that holds ids of these classes."""
        from wandb._native.tables.class_ids import _ClassesIdType

        return _ClassesIdType(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Classes) and self._class_set == other._class_set

    __hash__ = None  # type: ignore[assignment]

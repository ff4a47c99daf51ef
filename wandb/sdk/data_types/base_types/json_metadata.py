"""The base of values that describe other values, such as boxes on an image."""

from __future__ import annotations

from typing import Any

from wandb.sdk.data_types.base_types.media import Media
from wandb_compat.convert import deferred
from wandb_compat.convert.json_values import json_value
from wandb_compat.spool import records


class JSONMetadata(Media):
    """A JSON document as a file."""

    def __init__(self, val: dict[str, Any]) -> None:
        super().__init__()
        self.validate(val)
        self._val: Any = json_value(val)
        self._set_deferred_file(deferred.from_bytes(records.dump(self._val), f".{self.type_name()}.json"))

    @classmethod
    def get_media_subdir(cls) -> str:
        """Return the folder for such files in a run's or an artifact's."""
        return f"media/metadata/{cls.type_name()}"

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return the JSON form."""
        return {**super().to_json(run_or_artifact), "_type": self.type_name()}

    @classmethod
    def type_name(cls) -> str:
        """Return the name of the type in the names of files."""
        return "metadata"

    def validate(self, val: dict[str, Any]) -> bool:
        """Return True; subclasses raise TypeError for what is not theirs."""
        return True

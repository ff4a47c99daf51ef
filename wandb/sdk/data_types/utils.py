"""The JSON of logged values, as wandb writes it into its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wandb._native.values.json import json_friendly_val
from wandb.sdk.data_types.base_types.wb_value import WBValue


def val_to_json(
    run: Any, key: str, val: Any, namespace: str | int | None = None, ignore_copy_err: bool | None = None
) -> Any:
    """Return the JSON form of a value; media give their own. `run`, `namespace` and `ignore_copy_err` are accepted."""
    if isinstance(val, WBValue):
        return val.to_json(run)
    if isinstance(val, Mapping):
        return {name: val_to_json(run, f"{key}.{name}", one) for name, one in val.items()}
    if isinstance(val, Sequence) and not isinstance(val, (str, bytes)):
        return [val_to_json(run, key, one) for one in val]
    return json_friendly_val(val)


def history_dict_to_json(
    run: Any, payload: dict[str, Any], step: int | None = None, ignore_copy_err: bool | None = None
) -> dict[str, Any]:
    """Return the JSON form of a row."""
    return {key: val_to_json(run, key, value, step) for key, value in payload.items()}

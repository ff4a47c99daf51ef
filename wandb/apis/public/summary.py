"""The summary of a run that was read back: it is changed here and sent with `update()`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wandb._native.api import run_edit
from wandb.sdk.wandb_summary import SummaryDict
from wandb_compat.convert.json_values import json_value

if TYPE_CHECKING:
    from wandb._native.api.run_attributes import RunAttributes


class HTTPSummary(SummaryDict):
    """Values of a run by key, as items and as attributes; nested dicts are another level.

    Example:
        >>> run.summary["best_accuracy"] = 0.97
        >>> run.summary.update()
    """

    def __init__(self, run: RunAttributes, items: dict[str, Any]) -> None:
        super().__init__(items, lambda *path: None)
        vars(self).update(_run=run, _keep=lambda key, value: json_value(value), _deleted=set())

    def update(self, key_vals: Mapping[str, Any] | None = None, overwrite: bool = True) -> None:
        """Set values and send every change.

        Args:
            key_vals: values by key.
            overwrite: False keeps values that are there already.
        """
        self._set({key: one for key, one in (key_vals or {}).items() if overwrite or key not in self})
        run_edit.send_summary(self._run)

    def _set(self, values: Mapping[str, Any]) -> None:
        self._deleted.difference_update(values)
        super().update(values)

    def __setitem__(self, key: str, val: Any) -> None:
        self._set({key.strip(): val})

    __setattr__ = __setitem__

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._deleted.add(key)

    __delattr__ = __delitem__

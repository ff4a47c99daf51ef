"""Names of older wandb for the run of `mode="disabled"`, kept for `isinstance`."""

from __future__ import annotations

from typing import Any


class SummaryDisabled(dict[str, Any]):
    """A dict whose items are attributes too; a missing one is None."""

    __setattr__ = dict.__setitem__

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return self.get(key)

    def __getitem__(self, key: str) -> Any:
        value = self.get(key)
        return SummaryDisabled(value) if isinstance(value, dict) and not isinstance(value, SummaryDisabled) else value


class RunDisabled:
    """Not what `wandb.init(mode="disabled")` returns: that is a `wandb.Run`. Every attribute is None."""

    def __getattr__(self, name: str) -> Any:
        return None

"""Settings that cannot be changed, as wandb's own process had them."""

from __future__ import annotations

from typing import Any


class SettingsStatic:
    """A copy of settings as attributes."""

    def __init__(self, settings: Any) -> None:
        """Take a `wandb.Settings` or a mapping."""
        values = settings.model_dump() if hasattr(settings, "model_dump") else dict(settings)
        vars(self).update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Error: SettingsStatic is a readonly object, {name} cannot be set")

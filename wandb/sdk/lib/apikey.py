"""The key at the path of wandb up to 0.19."""

from __future__ import annotations

from typing import Any


def api_key(settings: Any = None) -> str | None:
    """Return the Pluto key, else what WANDB_API_KEY holds, else None; `settings` is accepted."""
    from wandb.sdk.lib.deprecated_api import DeprecatedApi

    return DeprecatedApi().api_key

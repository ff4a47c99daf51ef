"""Reading runs back, at the paths where wandb has it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wandb.apis.internal import Api as InternalApi
    from wandb.apis.public import Api as PublicApi

__all__ = ["InternalApi", "PublicApi"]


_MODULES = ("attrs", "internal", "normalize", "paginator", "public")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "PublicApi":
        from wandb.apis.public import Api as PublicApi

        return PublicApi
    if name == "InternalApi":
        from wandb.apis.internal import Api as InternalApi

        return InternalApi
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def reset_path() -> None:
    """Do nothing: wandb before 0.24 reverted its change to `sys.path` here."""

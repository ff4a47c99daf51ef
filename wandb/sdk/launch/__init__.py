"""Launch, which Pluto has not; what a started job reads works all the same."""

from __future__ import annotations

from typing import Any

from wandb._native.api.unsupported_methods import LAUNCH
from wandb._native.unsupported import names_of

_FUNCTIONS = "launch launch_add create_and_run_agent"
globals().update(names_of(__name__, LAUNCH, kinds="LaunchAgent", functions=_FUNCTIONS))
__all__ = ["LaunchAgent", *_FUNCTIONS.split(), "load_wandb_config", "manage_config_file", "manage_wandb_config"]


def load_wandb_config() -> Any:
    """Return an empty configuration: nothing was launched."""
    from wandb.sdk.wandb_config import Config

    return Config()


def manage_config_file(path: str, include: Any = None, exclude: Any = None, schema: Any = None) -> None:
    """Accepted: a job is never launched with other values."""


def manage_wandb_config(include: Any = None, exclude: Any = None, schema: Any = None) -> None:
    """Accepted: a job is never launched with other values."""

"""The current run, as the attributes of the module `wandb` hold it.

A leaf in place of `import wandb`: it imports nothing of the package, and all modules below `wandb/__init__` may use it.
Scripts and tests assign and delete `wandb.run` and `wandb.log`, so those attributes are the only state.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run

OBJECTS = ("config", "summary")
METHODS = (
    "alert",
    "define_metric",
    "link_model",
    "log",
    "log_artifact",
    "log_model",
    "mark_preempting",
    "pin_config_keys",
    "save",
    "unwatch",
    "use_artifact",
    "use_model",
    "watch",
)

_placeholders: dict[str, Any] = {}  # values of OBJECTS and METHODS while no run is active


def module() -> Any:
    """Return the module `wandb`, whose names scripts may have replaced."""
    return sys.modules["wandb"]


def run() -> Run | None:
    """Return the current run, or None."""
    return getattr(sys.modules.get("wandb"), "run", None)


def set_run(run: Any) -> None:
    """Make a run the current one: `wandb.run`, `wandb.config`, `wandb.log` … refer to it."""
    wandb = module()
    wandb.run = run
    for name in OBJECTS + METHODS:
        setattr(wandb, name, getattr(run, name))


def unset_run() -> None:
    """Make no run the current one: `wandb.log` and the other names raise again until `wandb.init`."""
    wandb = module()
    wandb.run = None
    for name, value in _placeholders.items():
        setattr(wandb, name, value)


def set_placeholders(values: Mapping[str, Any]) -> None:
    """Set the values that OBJECTS and METHODS have while no run is active."""
    _placeholders.update(values)

"""`wandb.run`, `wandb.config`, `wandb.log`…: which object stands for the current run in the module."""

from __future__ import annotations

from typing import Any

import wandb
from wandb.sdk.lib.preinit import PreInitCallable, PreInitObject

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


def set_globals(run: Any) -> None:
    """Let the module's names stand for a run."""
    wandb.run = run
    for name in OBJECTS + METHODS:
        setattr(wandb, name, getattr(run, name))


def unset_globals() -> None:
    """Let the module's names say that no run is active."""
    wandb.run = None
    for name, value in before_init().items():
        setattr(wandb, name, value)


def before_init() -> dict[str, Any]:
    """Return what the module's names stand for while no run is active."""
    from wandb.sdk.wandb_config import Config
    from wandb.sdk.wandb_run import Run
    from wandb.sdk.wandb_summary import Summary

    return {
        "config": PreInitObject("wandb.config", Config),
        "summary": PreInitObject("wandb.summary", Summary),
        **{name: PreInitCallable(f"wandb.{name}", getattr(Run, name)) for name in METHODS},
    }

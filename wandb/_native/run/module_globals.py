"""The placeholders that `wandb.config`, `wandb.log` … hold while no run is active."""

from __future__ import annotations

from typing import Any

from wandb._native.run import current
from wandb.sdk.lib.preinit import PreInitCallable, PreInitObject
from wandb.sdk.wandb_config import Config
from wandb.sdk.wandb_run import Run
from wandb.sdk.wandb_summary import Summary


def placeholders() -> dict[str, Any]:
    """Return a placeholder for each name of the current run; every use of one raises `wandb.Error`."""
    return {
        "config": PreInitObject("wandb.config", Config),
        "summary": PreInitObject("wandb.summary", Summary),
        **{name: PreInitCallable(f"wandb.{name}", getattr(Run, name)) for name in current.METHODS},
    }

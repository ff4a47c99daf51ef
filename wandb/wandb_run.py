"""The run class at a path of older wandb."""

from wandb.sdk.wandb_run import Run

__all__ = ["Run"]

"""Metaflow: parameters, artifacts and data of steps."""

from wandb._native import lazy

__all__ = ("wandb_log", "wandb_track", "wandb_use")

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.metaflow.metaflow", __all__)

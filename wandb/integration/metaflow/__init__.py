"""Metaflow: parameters, artifacts and data of steps."""

from wandb import _lazy

__all__ = ("wandb_log", "wandb_track", "wandb_use")

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.metaflow.metaflow", __all__)

"""Prodigy: annotated data sets as tables."""

from wandb._native import lazy

__all__ = ("upload_dataset",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.prodigy.prodigy", __all__)

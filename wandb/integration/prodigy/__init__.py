"""Prodigy: annotated data sets as tables."""

from wandb import _lazy

__all__ = ("upload_dataset",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.prodigy.prodigy", __all__)

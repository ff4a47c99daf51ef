"""Transformers: what pipelines are asked for and what they answer."""

from wandb import _lazy

__all__ = ("autolog",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.huggingface.huggingface", __all__)

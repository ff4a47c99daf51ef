"""Transformers: what pipelines are asked for and what they answer."""

from wandb._native import lazy

__all__ = ("autolog",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.huggingface.huggingface", __all__)

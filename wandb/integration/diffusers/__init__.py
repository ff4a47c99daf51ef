"""Diffusers: what pipelines are asked for and what they make."""

from wandb import _lazy

__all__ = ("autolog",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.diffusers.autologger", __all__)

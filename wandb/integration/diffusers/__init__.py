"""Diffusers: what pipelines are asked for and what they make."""

from wandb._native import lazy

__all__ = ("autolog",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.diffusers.autologger", __all__)

"""Cohere: what models are asked for and what they answer, as wandb had it until 0.23."""

from wandb._native import lazy

__all__ = ("autolog",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.cohere.cohere", __all__)

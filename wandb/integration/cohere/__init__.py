"""Cohere: what models are asked for and what they answer, as wandb had it until 0.23."""

from wandb import _lazy

__all__ = ("autolog",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.cohere.cohere", __all__)

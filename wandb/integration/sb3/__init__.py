"""Stable-Baselines3: hyperparameters, gradients and the model; metrics come through TensorBoard."""

from wandb._native import lazy

__all__ = ("WandbCallback",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.sb3.sb3", __all__)

"""Keras: metrics, checkpoints and tables of predictions."""

from wandb import _lazy

__all__ = ("WandbCallback", "WandbEvalCallback", "WandbMetricsLogger", "WandbModelCheckpoint")

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.keras.callbacks", __all__)

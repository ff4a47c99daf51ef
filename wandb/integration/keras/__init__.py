"""Keras: metrics, checkpoints and tables of predictions."""

from wandb._native import lazy

__all__ = ("WandbCallback", "WandbEvalCallback", "WandbMetricsLogger", "WandbModelCheckpoint")

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.keras.callbacks", __all__)

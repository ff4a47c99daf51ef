"""Ultralytics: metrics, checkpoints and tables of predictions of YOLO models."""

from wandb import _lazy

__all__ = ("WandBUltralyticsCallback", "add_wandb_callback")

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.ultralytics.callback", __all__)

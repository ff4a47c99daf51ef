"""Ultralytics: metrics, checkpoints and tables of predictions of YOLO models."""

from wandb._native import lazy

__all__ = ("WandBUltralyticsCallback", "add_wandb_callback")

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.ultralytics.callback", __all__)

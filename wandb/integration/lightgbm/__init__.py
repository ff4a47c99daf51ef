"""LightGBM: metrics of each round, the best score, feature importance, the model."""

from wandb._native import lazy

__all__ = ("log_summary", "wandb_callback")

__getattr__, __dir__ = lazy.forward(globals(), "wandb._native.integrations.lightgbm_callback", __all__)

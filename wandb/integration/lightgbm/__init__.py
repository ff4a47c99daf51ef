"""LightGBM: metrics of each round, the best score, feature importance, the model."""

from wandb import _lazy

__all__ = ("log_summary", "wandb_callback")

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.lightgbm.callback", __all__)

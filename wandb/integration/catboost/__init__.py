"""CatBoost: metrics of each iteration, the best score, feature importance, the model."""

from wandb import _lazy

__all__ = ("WandbCallback", "log_summary")

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.catboost.catboost", __all__)

"""CatBoost: metrics of each iteration, the best score, feature importance, the model."""

from wandb._native import lazy

__all__ = ("WandbCallback", "log_summary")

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.catboost.catboost", __all__)

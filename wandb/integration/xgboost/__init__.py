"""XGBoost: metrics of each round, the best score, feature importance, the model."""

from wandb import _lazy

__all__ = ("WandbCallback", "wandb_callback")

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.xgboost.xgboost", __all__)

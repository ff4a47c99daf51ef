"""XGBoost: metrics of each round, the best score, feature importance, the model."""

from wandb._native import lazy

__all__ = ("WandbCallback", "wandb_callback")

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.xgboost.xgboost", __all__)

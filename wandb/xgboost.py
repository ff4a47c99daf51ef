"""`wandb.xgboost`, where wandb had `wandb.integration.xgboost` before 0.17."""

from wandb._native import lazy
from wandb.integration.xgboost import __all__ as __all__

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.xgboost", __all__)

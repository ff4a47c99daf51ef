"""`wandb.xgboost`, where wandb had `wandb.integration.xgboost` before 0.17."""

from wandb import _lazy
from wandb.integration.xgboost import __all__ as __all__

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.xgboost", __all__)

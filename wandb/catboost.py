"""`wandb.catboost`, where wandb had `wandb.integration.catboost` before 0.17."""

from wandb._native import lazy
from wandb.integration.catboost import __all__ as __all__

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.catboost", __all__)

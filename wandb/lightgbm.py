"""`wandb.lightgbm`, where wandb had `wandb.integration.lightgbm` before 0.17."""

from wandb._native import lazy
from wandb.integration.lightgbm import __all__ as __all__

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.lightgbm", __all__)

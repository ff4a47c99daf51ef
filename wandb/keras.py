"""`wandb.keras`, where wandb had `wandb.integration.keras` before 0.17."""

from wandb._native import lazy
from wandb.integration.keras import __all__ as __all__

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.keras", __all__)

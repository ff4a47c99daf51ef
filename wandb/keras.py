"""`wandb.keras`, where wandb had `wandb.integration.keras` before 0.17."""

from wandb import _lazy
from wandb.integration.keras import __all__ as __all__

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.keras", __all__)

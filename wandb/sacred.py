"""`wandb.sacred`, where wandb had `wandb.integration.sacred` before 0.17."""

from wandb._native import lazy
from wandb.integration.sacred import __all__ as __all__

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.sacred", __all__)

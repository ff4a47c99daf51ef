"""`wandb.fastai`, where wandb had `wandb.integration.fastai` before 0.17."""

from wandb._native import lazy
from wandb.integration.fastai import __all__ as __all__

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.fastai", __all__)

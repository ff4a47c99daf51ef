"""`wandb.tensorboard.patch`, `unpatch`, `log`: TensorBoard's event files as rows of the run."""

from wandb._native import lazy
from wandb.integration.tensorboard import __all__ as __all__

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.tensorboard", __all__)

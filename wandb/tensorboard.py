"""`wandb.tensorboard.patch`, `unpatch`, `log`: TensorBoard's event files as rows of the run."""

from wandb import _lazy
from wandb.integration.tensorboard import __all__ as __all__

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.tensorboard", __all__)

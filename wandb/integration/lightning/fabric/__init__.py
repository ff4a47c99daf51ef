"""Lightning Fabric: a logger."""

from wandb import _lazy

__all__ = ("WandbLogger",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.lightning.fabric.logger", __all__)

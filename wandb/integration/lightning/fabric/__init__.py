"""Lightning Fabric: a logger."""

from wandb._native import lazy

__all__ = ("WandbLogger",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.lightning.fabric.logger", __all__)

"""fastai: losses and metrics, gradients, sample predictions and the best model."""

from wandb import _lazy

__all__ = ("WandbCallback",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.fastai.callback", __all__)

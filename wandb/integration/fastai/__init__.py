"""fastai: losses and metrics, gradients, sample predictions and the best model."""

from wandb._native import lazy

__all__ = ("WandbCallback",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb._native.integrations.fastai_callback", __all__)

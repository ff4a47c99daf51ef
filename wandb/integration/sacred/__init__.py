"""Sacred: configuration, metrics, results and artifacts of an experiment."""

from wandb import _lazy

__all__ = ("WandbObserver",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.sacred.observer", __all__)

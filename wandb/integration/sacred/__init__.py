"""Sacred: configuration, metrics, results and artifacts of an experiment."""

from wandb._native import lazy

__all__ = ("WandbObserver",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb._native.integrations.sacred_observer", __all__)

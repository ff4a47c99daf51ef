"""TensorFlow 1's sessions and estimators."""

from wandb._native import lazy

__all__ = ("WandbHook",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.tensorflow.estimator_hook", __all__)

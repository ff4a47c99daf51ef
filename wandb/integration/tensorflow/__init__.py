"""TensorFlow 1's sessions and estimators."""

from wandb import _lazy

__all__ = ("WandbHook",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.tensorflow.estimator_hook", __all__)

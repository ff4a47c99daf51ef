"""DSPy: scores and predictions of evaluations."""

from wandb import _lazy

__all__ = ("WandbDSPyCallback",)

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.dspy.dspy", __all__)

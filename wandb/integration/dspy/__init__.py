"""DSPy: scores and predictions of evaluations."""

from wandb._native import lazy

__all__ = ("WandbDSPyCallback",)

__getattr__, __dir__ = lazy.forward(globals(), "wandb.integration.dspy.dspy", __all__)

"""Kubeflow Pipelines: inputs and outputs of components."""

from wandb import _lazy

__all__ = ("unpatch_kfp", "wandb_log")

__getattr__, __dir__ = _lazy.forward(globals(), "wandb.integration.kfp.decorator", __all__)

"""Kubeflow Pipelines: inputs and outputs of components."""

from wandb._native import lazy

__all__ = ("unpatch_kfp", "wandb_log")

__getattr__, __dir__ = lazy.forward(globals(), "wandb._native.integrations.kfp_decorator", __all__)

"""TensorBoard: what its writers write becomes rows of the run; `wandb.tensorboard` is the same module."""

from wandb._native import lazy
from wandb.integration.tensorboard.monkeypatch import patch as patch
from wandb.integration.tensorboard.monkeypatch import unpatch as unpatch

_SUMMARIES = ("_log", "log", "reset_state", "tf_summary_to_dict")

__all__ = ("log", "patch", "reset_state", "tf_summary_to_dict", "unpatch")

__getattr__, __dir__ = lazy.forward(globals(), "wandb._native.integrations.tensorboard_summaries", _SUMMARIES)

"""`run.watch` and `run.unwatch`: follow the gradients and parameters of PyTorch models."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wandb.errors import Error
from wandb.errors.term import termlog, termwarn

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run

_LOGS = ("gradients", "parameters", "all", None)
_watched = 0  # models so far, of all runs: their names differ by it


def _watch(
    run: Run,
    models: Any,
    criterion: Any = None,
    log: str | None = "gradients",
    log_freq: int = 1000,
    idx: int | None = None,
    log_graph: bool = False,
) -> list[Any]:
    """Hang hooks into models; see `Run.watch`."""
    global _watched
    if log not in _LOGS:
        raise ValueError("log must be one of 'gradients', 'parameters', 'all', or None")
    if importlib.util.find_spec("torch") is None:
        raise Error("wandb.watch only works with pytorch, couldn't import torch.")
    import torch

    several = list(models) if isinstance(models, (tuple, list)) else [models]
    for model in several:
        if not isinstance(model, torch.nn.Module):
            raise TypeError(f"Expected a pytorch model (torch.nn.Module). Received {type(model)}")
    graphs = []
    first = _watched if idx is None else idx
    for index, model in enumerate(several, first):
        _watched += 1
        prefix = f"graph_{index}" if index > 0 else ""
        if log in ("parameters", "all"):
            run._watching.torch.add_log_parameters_hook(model, prefix=prefix, log_freq=log_freq)
        if log in ("gradients", "all"):
            run._watching.torch.add_log_gradients_hook(model, prefix=prefix, log_freq=log_freq)
        if log_graph:
            termlog("logging graph, to disable use `wandb.watch(log_graph=False)`")
            try:
                graphs.append(run._watching.torch.add_graph_hooks(model, criterion, index))
            except ValueError:  # watched already
                raise
            except Exception as error:  # scripted, compiled and lazy modules take no hooks, or have no shapes yet
                termwarn(f"The graph of {type(model).__name__} is not logged: {error}")
    return graphs


def _unwatch(run: Run, models: Any | Sequence[Any] | None = None) -> None:
    """Take hooks out of models, or of all; see `Run.unwatch`."""
    if not models:
        run._watching.torch.unhook_all()
        return
    for model in models if isinstance(models, (tuple, list)) else (models,):
        run._watching.torch.unwatch(model)

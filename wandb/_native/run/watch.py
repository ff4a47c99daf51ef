"""The part of a run that watches models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from wandb.sdk import wandb_watch
from wandb_compat.spool import records

if TYPE_CHECKING:
    import torch

    from wandb.integration.torch.wandb_torch import TorchGraph, TorchHistory


class RunWatch:
    """The methods; `Run` is the only class that has them."""

    summary: Any

    if TYPE_CHECKING:

        def log(self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None: ...
        def _submit(self, record: records.Record, what: str) -> None: ...

    @cached_property
    def _torch(self) -> TorchHistory:
        """The hooks of `watch`."""
        from wandb.integration.torch.wandb_torch import TorchHistory

        return TorchHistory(lambda values: self.log(values, commit=False), self._graph_done)

    def _graph_done(self, name: str, graph: TorchGraph) -> None:
        self.summary[name] = graph
        self._submit(records.Graph(graph.format, graph.pluto_nodes()), "watch")

    def watch(
        self,
        models: torch.nn.Module | Sequence[torch.nn.Module],
        criterion: Any = None,
        log: Literal["gradients", "parameters", "all"] | None = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,
        log_graph: bool = False,
    ) -> None:
        """Log histograms of a PyTorch model's gradients and parameters as it trains.

        In Pluto: histograms with 64 bins at `gradients/NAME` and `parameters/NAME`, and Pluto's model graph.

        Args:
            models: one or several; of the second and later ones of a process the names begin with `graph_N`.
            criterion: the loss function, kept with the graph.
            log: what to log; None for nothing.
            log_freq: how many passes lie between two histograms.
            idx: number of the first model, by default the number of models watched so far.
            log_graph: whether to log the layers that run in the first forward pass, in the summary at `graph_N` too.

        Raises:
            ValueError: `log` is something else, or the model is watched already.
            TypeError: something is no model.
            wandb.Error: there is no PyTorch.

        Example:
            >>> run.watch(model, log="all", log_freq=100)
        """
        wandb_watch._watch(self, models, criterion, log, log_freq, idx, log_graph)

    def unwatch(self, models: torch.nn.Module | Sequence[torch.nn.Module] | None = None) -> None:
        """Log no more of some models, or of all.

        Args:
            models: those to let go; by default all.
        """
        wandb_watch._unwatch(self, models)

    def _tensorboard_callback(self, logdir: str, save: bool = True, root_logdir: str = "") -> None:
        """Follow a log folder of TensorBoard; arguments as `wandb.tensorboard.patch`."""
        if self._pipeline is None or self._is_finished:
            return
        if self._tensorboard is None:
            from wandb_compat.run.tensorboard.sync import TensorBoardSync

            self._tensorboard = TensorBoardSync(
                self.settings.x_start_time or 0.0,
                self.log,
                self._notifier,
                lambda file, folder: self.save(str(file), base_path=str(folder), glob=False),
            )
        self._tensorboard.add(logdir, save, root_logdir)

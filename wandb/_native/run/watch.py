"""What a run watches: the hooks in PyTorch models, and TensorBoard's log directories."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from wandb_compat.spool import records

if TYPE_CHECKING:
    from wandb.integration.torch.wandb_torch import TorchGraph, TorchHistory
    from wandb.sdk.wandb_run import Run
    from wandb_compat.run.tensorboard.sync import TensorBoardSync


class RunWatch:
    """The models and log directories that one run watches."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._tensorboard: TensorBoardSync | None = None

    @cached_property
    def torch(self) -> TorchHistory:
        """The hooks of `Run.watch`."""
        from wandb.integration.torch.wandb_torch import TorchHistory

        return TorchHistory(lambda values: self._run.log(values, commit=False), self._graph_done)

    def _graph_done(self, name: str, graph: TorchGraph) -> None:
        self._run.summary[name] = graph
        self._run._submit(records.Graph(graph.format, graph.pluto_nodes()), "watch")

    def add_log_directory(self, logdir: str, save: bool, root_logdir: str) -> None:
        """Follow a log directory of TensorBoard; arguments as `wandb.tensorboard.patch`."""
        run = self._run
        if run._pipeline is None or run._is_finished:
            return
        if self._tensorboard is None:
            from wandb_compat.run.tensorboard.sync import TensorBoardSync

            self._tensorboard = TensorBoardSync(
                run.settings.x_start_time or 0.0,
                run.log,
                run._notifier,
                lambda file, folder: run.save(str(file), base_path=str(folder), glob=False),
                log_texts=run._history.attach,
            )
        self._tensorboard.add(logdir, save, root_logdir)

    def finish(self) -> None:
        """Log the rest of the event files."""
        if self._tensorboard is not None:
            from wandb.integration.tensorboard import monkeypatch

            self._tensorboard.finish(monkeypatch.flush)

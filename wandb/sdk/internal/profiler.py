"""PyTorch's profiler."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wandb._native.run import current
from wandb.errors import Error

PYTORCH_MODULE = "torch"
PYTORCH_PROFILER_MODULE = "torch.profiler"


def torch_trace_handler() -> Callable[[Any], None]:
    """Return a handler for `torch.profiler.profile(on_trace_ready=…)` that saves each trace with the run.

    In Pluto: files under `save/PATH`, as `run.save` has them.

    Raises:
        wandb.Error: no run is active, when a trace is ready.
    """

    def keep(profiler: Any) -> None:
        run = current.run()
        if run is None:
            raise Error("You must call wandb.init() before a trace of torch.profiler is ready")
        folder = Path(run.dir, "pytorch_traces")
        folder.mkdir(exist_ok=True)
        path = folder / f"{len(list(folder.iterdir()))}.pt.trace.json"
        profiler.export_chrome_trace(str(path))
        run.save(str(path), base_path=run.dir, policy="now")

    return keep

"""The lines below the cell that begins a run: where it is logged, its links, and how far it is, kept up to date."""

from __future__ import annotations

import html
import threading
from typing import TYPE_CHECKING, Any

from wandb._native.notebooks.frame import link
from wandb_compat._version import __version__
from wandb_compat.spool import threads

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run
    from wandb_compat.spool.status import State

INTERVAL = 1.0  # seconds between two updates
_PHASES = {
    "starting": "connecting to Pluto",
    "delivering": "running",
    "waiting": "running; Pluto cannot be reached, the rows are kept on disk",
    "delivered": "every row is on Pluto",
    "done": "finished; every row is on Pluto",
    "left": "finished; some rows are still on disk",
}


class StatusLine:
    """Shows a run as HTML below the current cell, and updates it from a thread until the run ends."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._ended = threading.Event()
        self._shown = ""
        self._handle: Any = None

    def start(self) -> None:
        """Show the lines and begin to update them."""
        from IPython.display import HTML, display

        self._shown = self._lines(self._state())
        self._handle = display(HTML(self._shown), display_id=True)
        threads.start("notebook status", self._follow, lambda error: None)

    def stop(self) -> None:
        """Show the state at the end, and stop updating."""
        self._ended.set()
        self._update()

    def _follow(self) -> None:
        while not self._ended.wait(INTERVAL):
            self._update()

    def _update(self) -> None:
        from IPython.display import HTML

        lines = self._lines(self._state())
        if lines != self._shown and self._handle is not None:
            self._shown = lines
            self._handle.update(HTML(lines))

    def _state(self) -> State | None:
        pipeline = self._run._pipeline
        return pipeline.status() if pipeline is not None and pipeline.online else None

    def _lines(self, state: State | None) -> str:
        run = self._run
        name, project, folder = (html.escape(str(text)) for text in (run.name, run.project, run._settings.sync_dir))
        if state is not None and state.url:
            name = link(state.url, str(run.name))
            project = link(state.url.rpartition("/")[0], str(run.project))
        if state is None:
            phase = "finished, kept on disk" if self._ended.is_set() else "running, kept on disk"
        else:
            phase = _PHASES[state.phase]
        steps = f"{run.step} step{'' if run.step == 1 else 's'}"
        return (
            f"<div>Run <b>{name}</b> of project <b>{project}</b> · {steps} · {phase}<br>"
            f"<small>wandb-compat {__version__}, data in <code>{folder}</code></small></div>"
        )

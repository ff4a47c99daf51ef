"""Shows a run in a notebook: its live page in a frame, and a static picture of its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wandb.sdk import wandb_login
from wandb.sdk.lib import ipython

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run


class RunDisplay:
    """The display of one run; the arguments are those of the run's methods."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def to_html(self, height: int, hidden: bool) -> str:
        """Return HTML that shows the run; see `Run.to_html`."""
        from wandb._native.notebooks.frame import run_html

        run = self._run
        credential = wandb_login.find_credential(run._settings.api_key)
        key = credential.reveal() if credential is not None else None
        title = f"Run {run.name} ({run.path})"
        return run_html(title, run.url, key, self._picture(), height=height, hidden=hidden)

    def bundle(self) -> dict[str, str]:
        """Return the run in the formats among which a notebook and its exports choose."""
        picture = self._picture()
        return {
            "text/html": self.to_html(height=420, hidden=True),
            "text/plain": repr(self._run),
            **({"image/svg+xml": picture} if picture else {}),
        }

    def show(self, height: int, hidden: bool) -> bool:
        """Show the run in a notebook; see `Run.display`."""
        if self._run._settings.silent or not ipython.in_notebook():
            return False
        from IPython.display import display

        display({**self.bundle(), "text/html": self._run.to_html(height, hidden)}, raw=True)
        return True

    def _picture(self) -> str | None:
        from wandb._native.notebooks.chart import charts_svg

        pipeline, rules = self._run._pipeline, self._run._history.rules
        history = pipeline.history() if pipeline is not None else {}
        return charts_svg(
            {name: values for name, values in history.items() if rules is None or not rules.is_hidden(name)}
        )

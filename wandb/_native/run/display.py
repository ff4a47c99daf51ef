"""Shows a run: as its page in notebooks, as a line of text elsewhere."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from wandb.sdk.lib import ipython

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run


class RunDisplay:
    """The display of one run; the arguments are those of the run's methods."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def to_html(self, height: int, hidden: bool) -> str:
        """Return HTML that shows the run; see `Run.to_html`."""
        run = self._run
        url, text = run.url, html.escape(f"Run {run.name} ({run.path})")
        if url is None:
            return text
        if ipython.in_vscode_notebook():
            return f'<a href="{html.escape(url)}">{text}</a>'
        style = f"border:none;width:100%;height:{height}px;" + ("display:none;" if hidden else "")
        frame = f'<iframe src="{html.escape(url)}" style="{style}"></iframe>'
        return ipython.toggle_button() + frame if hidden else frame

    def show(self, height: int, hidden: bool) -> bool:
        """Show the run in a notebook; see `Run.display`."""
        if self._run._settings.silent or not ipython.in_jupyter() or ipython.in_vscode_notebook():
            return False
        from IPython.display import HTML, display

        display(HTML(self._run.to_html(height, hidden)))
        return True

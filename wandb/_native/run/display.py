"""The part of a run that shows itself: in notebooks as its page, elsewhere as a line."""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING, Any

from wandb.sdk.lib import ipython

if TYPE_CHECKING:
    from wandb.sdk.wandb_settings import Settings

PATIENCE = 3  # seconds


class RunPage:
    """The methods; `Run` is the only class that has them."""

    _settings: Settings
    _is_finished: bool

    if TYPE_CHECKING:
        offline: bool
        name: str | None
        path: str
        url: str | None

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return HTML that shows the run.

        In Pluto: the run's page in a frame; a line of text while there is no page, and in VS Code, which shows none.

        Args:
            height: height of the frame in pixels.
            hidden: show a button first that opens the frame.
        """
        url, text = self._page(), html.escape(f"Run {self.name} ({self.path})")
        if url is None:
            return text
        if ipython.in_vscode_notebook():
            return f'<a href="{html.escape(url)}">{text}</a>'
        style = f"border:none;width:100%;height:{height}px;" + ("display:none;" if hidden else "")
        frame = f'<iframe src="{html.escape(url)}" style="{style}"></iframe>'
        return ipython.toggle_button() + frame if hidden else frame

    def _page(self) -> str | None:
        """Return the run's URL; a run that has just begun is given PATIENCE seconds to have one."""
        until = time.monotonic() + PATIENCE
        while self.url is None and not self.offline and not self._is_finished and time.monotonic() < until:
            time.sleep(0.05)
        return self.url

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Show the run in a notebook; return False where there is none.

        Args:
            height: height of the frame in pixels.
            hidden: show a button first that opens the frame.
        """
        if self._settings.silent or not ipython.in_jupyter() or ipython.in_vscode_notebook():
            return False
        from IPython.display import HTML, display

        display(HTML(self.to_html(height, hidden)))
        return True

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.to_html(hidden=True), "text/plain": repr(self)}

    def _repr_html_(self) -> str:
        return self.to_html(hidden=True)

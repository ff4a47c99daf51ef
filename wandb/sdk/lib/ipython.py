"""Whether the interpreter is that of a notebook."""

from __future__ import annotations

import sys
from typing import Any


def shell() -> Any:
    """Return the running IPython shell, or None; IPython is not imported for it."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None


def in_ipython() -> bool:
    """Whether IPython runs, in a terminal or a notebook."""
    return shell() is not None


def in_notebook() -> bool:
    """Whether a kernel runs, that of a notebook, of Colab or of an editor."""
    running = shell()
    return "google.colab" in sys.modules or (running is not None and hasattr(running, "kernel"))


def in_jupyter() -> bool:
    """As `in_notebook`."""
    return in_notebook()


def in_vscode_notebook() -> bool:
    """Whether the notebook is one of VS Code's."""
    running = shell()
    return running is not None and "__vsc_ipynb_file__" in running.user_ns


def toggle_button(what: str = "run") -> str:
    """Return the button that shows what follows it."""
    return (
        f"<button onClick=\"this.nextSibling.style.display='block';this.style.display='none';\">Display {what}</button>"
    )


def jupyter_progress_bar(min: float = 0, max: float = 1.0) -> None:
    """Return None: progress bars are not available, the caller prints lines instead."""
    return None

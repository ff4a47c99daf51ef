"""Notebooks: the magics `%wandb` and `%%wandb`, and the cells that were run, kept with the run as a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb._native.run import active_runs, current
from wandb.errors import Error
from wandb.sdk.lib import ipython

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run
    from wandb.sdk.wandb_settings import Settings

HISTORY = "_session_history.ipynb"
# While the cell of a `%%wandb` runs: the first run that it begins.
_begun: list[Run] | None = None


def load_ipython_extension(shell: Any) -> None:
    """Give an IPython shell the magics; `%load_ext wandb` calls this."""
    if shell is not None:
        shell.register_magic_function(_magic, "line_cell", "wandb")


_load_ipython_extension = load_ipython_extension


def _magic(line: str, cell: str | None = None) -> None:
    """Show a run: `%wandb PROJECT/ID`, `%wandb` for the active one, `%%wandb` for the one that the cell begins.

    `-h PIXELS` or `--height PIXELS` says how high the frame is.
    """
    global _begun
    path, height = _arguments(line)
    run = active_runs.latest()
    if path is not None:
        _show_path(path, height)
    elif run is not None:
        run.display(height)
    if cell is None:
        return
    begun: list[Run] = []
    _begun = begun
    try:
        ipython.shell().run_cell(cell)
    finally:
        _begun = None
    if path is None and run is None and begun:
        begun[0].display(height)  # now, as its page is known by the end of the cell


def _arguments(line: str) -> tuple[str | None, int]:
    import argparse
    import shlex

    from IPython.core.error import UsageError

    parser = argparse.ArgumentParser(prog="%wandb", add_help=False, exit_on_error=False)
    parser.add_argument("path", nargs="?")
    parser.add_argument("-h", "--height", type=int, default=420)
    try:
        given = parser.parse_args(shlex.split(line))
    except (argparse.ArgumentError, ValueError, SystemExit):  # what is wrong has been printed
        raise UsageError("write %wandb [-h PIXELS] [PROJECT/ID]") from None
    return given.path, given.height


def _show_path(path: str, height: int) -> None:
    import html

    from IPython.display import HTML, display

    try:
        shown = current.module().Api().from_path(path).to_html(height=height)
    except (Error, ValueError) as error:
        shown = html.escape(f"{path} cannot be shown: {error}")
    display(HTML(f"<div>{shown}</div>"))  # IPython warns of a text that begins with a frame


def display_if_magic_is_used(run: Run) -> bool:
    """Show a run below the cell that begins it, if that is a cell with `%%wandb`; return whether it is."""
    if _begun is None:
        return False
    _begun.append(run)
    return True


class Notebook:
    """The notebook that a run belongs to."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings of the run."""
        self.settings = settings
        self.shell = ipython.shell()

    def probe_ipynb(self) -> dict[str, Any] | None:
        """Return the notebook's file as it was last saved, or None when it is not known where that is."""
        path = self._path()
        return json.loads(path.read_text(encoding="utf-8")) if path else None

    def save_ipynb(self) -> bool:
        """Keep the notebook's file in `code/`, if it is known where that is; return whether it is."""
        path = self._path()
        if not self.settings.save_code or path is None:
            return False
        self._keep(path.name, path.read_bytes())
        return True

    def save_history(self, run: Run) -> None:
        """Keep the cells that were run in this session as a notebook in `code/`."""
        if not self.settings.save_code or self.shell is None or self.shell.history_manager is None:
            return
        session = list(self.shell.history_manager.get_range(output=True))
        cells = [_cell(number, source, output) for _, number, (source, output) in session]
        if not cells:
            return
        kernel = getattr(self.shell, "kernel", None)
        language = getattr(kernel, "language_info", None) or {"name": "python"}
        metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": language,
        }
        document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
        run._files.keep(self._keep(HISTORY, json.dumps(document, indent=1).encode()))

    def _path(self) -> Path | None:
        named = [self.settings.x_jupyter_path, self.settings.notebook_name]
        if self.shell is not None:
            named.append(self.shell.user_ns.get("__vsc_ipynb_file__"))
        paths = [Path(name) for name in named if name]
        return next((path for path in paths if path.is_file()), None)

    def _keep(self, name: str, content: bytes) -> Path:
        target = Path(self.settings.files_dir, "code", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target


def _cell(number: int, source: str, output: str | None) -> dict[str, Any]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    return {"cell_type": "code", "execution_count": number, "metadata": {}, "outputs": outputs, "source": source}


def keep_code(run: Run) -> None:
    """Keep the notebook and the cells that were run with a run that is about to end."""
    notebook = Notebook(run.settings)
    notebook.save_ipynb()
    notebook.save_history(run)

"""Scripts in notebooks: cells of a real Jupyter kernel, run through nbclient."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.large_library import large_library
from tests.helpers.server_state import Server
from wandb_compat.server.serve import Running

nbformat = large_library("nbformat")
nbclient = large_library("nbclient")

CELLS = (
    "import wandb",
    "%%wandb -h 300\nfirst = wandb.init(project='notebooks', id='first', save_code=True)\nfirst.log({'a': 1})",
    "second = wandb.init(project='notebooks', id='second', name='second', save_code=True)\n"
    "print(first._is_finished, wandb.run is second)",
    "for step in range(3):\n    wandb.log({'b': step})\nprint('logged')",
    "second.config.lr = 1\nsecond.config.lr = 2\nprint(second.config.lr)",
    "%wandb",
    "second",
    "print(second.display(height=100), 'Run' in repr(second))",
    "raise ValueError('a failing cell')",
    "wandb.log({'b': 7}); wandb.finish(); print(wandb.run)",
    "%wandb notebooks/runs/missing",
    "%wandb --nonsense",
)


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory, pluto_server: Running) -> tuple[Path, list[Any]]:
    """The working folder, and every cell after it was run, in one kernel."""
    import os

    folder = tmp_path_factory.mktemp("notebook")
    environment = {**os.environ, **pluto_server.environment(), "HOME": str(folder), "PLUTO_DISABLE_TELEMETRY": "1"}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=environment)
    return folder, notebook.cells


def text(cell: Any) -> str:
    """Return what a cell has printed."""
    return "".join(one["text"] for one in cell.outputs if one.get("name") == "stdout")


def page(cell: Any) -> str:
    """Return the HTML that a cell shows."""
    return "".join(one["data"]["text/html"] for one in cell.outputs if "text/html" in one.get("data", {}))


def test_a_second_init_finishes_the_first_run(cells: tuple[Path, list[Any]]) -> None:
    """In a notebook a run is over when the next one begins, as with wandb."""
    assert text(cells[1][2]) == "True True\n"


def test_the_cell_magic_runs_the_cell_and_shows_the_run(cells: tuple[Path, list[Any]]) -> None:
    """`%%wandb` as the first use of wandb runs the cell, and shows the run that it begins."""
    _, done = cells
    assert "<iframe" in page(done[1]) and "height:300px" in page(done[1])
    assert not any(one.output_type == "error" for one in done[1].outputs)


def test_a_run_is_shown_as_its_page(cells: tuple[Path, list[Any]]) -> None:
    """`%wandb`, a run as the last line of a cell and `run.display()` show the run's page in a frame."""
    _, done = cells
    assert "<iframe" in page(done[5]) and "height:420px" in page(done[5])
    assert "<iframe" in page(done[6]) and "<details>" in page(done[6])
    assert "height:100px" in page(done[7]) and text(done[7]) == "True True\n"


def test_configuration_changes_freely(cells: tuple[Path, list[Any]]) -> None:
    """A value of the configuration may be set again in a notebook, as with wandb."""
    assert text(cells[1][4]) == "2\n"


def test_a_failing_cell_ends_no_run(cells: tuple[Path, list[Any]], pluto_server: Running) -> None:
    """After a cell that raises the run goes on, and it ends well."""
    _, done = cells
    assert done[8].outputs[-1].ename == "ValueError"
    assert text(done[9]).endswith("None\n")
    server = Server(pluto_server.url, pluto_server.key)
    (second,) = (
        run for run in server.get("/api/runs/list", projectName="notebooks")["runs"] if run["name"] == "second"
    )
    assert second["status"] == "COMPLETED"
    assert [row["value"] for row in server.metrics("notebooks", second["id"], "b")] == [0, 1, 2, 7]


def test_trouble_with_the_magic_is_a_sentence(cells: tuple[Path, list[Any]]) -> None:
    """A missing run is reported in the page, an unknown option by IPython's own error."""
    _, done = cells
    assert "notebooks/runs/missing cannot be shown" in page(done[10])
    assert "UsageError" in str(done[11].outputs)


def test_the_cells_are_kept_with_the_run(cells: tuple[Path, list[Any]]) -> None:
    """With `save_code` a notebook of the cells that were run is in the run's folder."""
    folder, _ = cells
    (kept,) = folder.glob("wandb/run-*-second/files/code/_session_history.ipynb")
    notebook = nbformat.reads(kept.read_text(), as_version=4)
    nbformat.validate(notebook)
    sources = [cell.source for cell in notebook.cells]
    assert CELLS[0] in sources and CELLS[3] in sources
    assert json.loads(kept.read_text())["metadata"]["language_info"]["name"] == "python"

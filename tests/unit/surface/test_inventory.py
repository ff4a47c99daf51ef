"""The inventory of a code base finds what is used under any alias, and says how it is supported."""

import json
from pathlib import Path

import pytest

from wandb._native import inventory


def names(text: str) -> list[str]:
    """Return the names that a source uses."""
    return [use.name for use in inventory.uses(Path("a.py"), text)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import wandb\nwandb.log({})", ["wandb.log"]),
        ("import wandb as w\nw.log({})", ["wandb.log"]),
        ("from wandb import Image as I\nI(x)", ["wandb.Image"]),
        ("from wandb.sdk import wandb_run", ["wandb.sdk.wandb_run"]),
        ("import wandb.plot", ["wandb.plot"]),
        ("import wandb\nrun = wandb.init()\nrun.log({})", ["wandb.init", "wandb.Run.log"]),
        ("import wandb\nwith wandb.init() as r:\n r.watch(m)", ["wandb.init", "wandb.Run.watch"]),
        ("import wandb\nself.run = wandb.init()\nself.run.alert('')", ["wandb.init", "wandb.Run.alert"]),
        ("import wandb\nwandb.run.summary.update({})", ["wandb.Run.summary.update"]),
        ("import wandb\na = wandb.Api()\na.runs('p')", ["wandb.Api", "wandb.Api.runs"]),
        ("import wandb\na = wandb.Api()\na = open('x')\na.runs('p')", ["wandb.Api"]),
        ("import wandb\nwandb.init(a=wandb.Api()).log({})", ["wandb.Run.log", "wandb.init", "wandb.Api"]),
        ("from wandb import *", []),
        ("from .wandb import log\nlog()", []),
        ("import wandb_other\nwandb_other.log()", []),
        ("def broken(:", []),
    ],
)
def test_names_are_found(source: str, expected: list[str]) -> None:
    """Aliases, imported names, and variables that hold a run or another object of wandb."""
    assert names(source) == expected


@pytest.mark.parametrize(
    ("path", "name", "level"),
    [
        ("wandb.init", "wandb.init", "full"),
        ("wandb.Run.log", "wandb.Run.log", "mapped"),
        ("wandb.Run.summary.update", "wandb.Run.summary", "full"),
        ("wandb.Api.create_report", "wandb.Api.create_report", "refused"),
        ("wandb.no_such_name", "wandb.no_such_name", "unknown"),
        ("wandb.Run.no_such_method", "wandb.Run.no_such_method", "unknown"),
        ("wandb.no_such.deeper", "wandb.no_such", "unknown"),
        ("wandb.plot.confusion_matrix", "wandb.plot.confusion_matrix", "mapped"),
    ],
)
def test_the_level_is_that_of_the_docs(path: str, name: str, level: str) -> None:
    """As docs/supported.md has it; what lies below a name of wandb counts as that name."""
    found = inventory.support(path)
    assert (found.name, found.level) == (name, level)


def test_a_folder_with_notebooks(tmp_path: Path) -> None:
    """Scripts and notebooks are read, environments are not; what needs attention comes first."""
    cell = {"cell_type": "code", "source": ["%pip install x\n", "import wandb\n", "wandb.nosuch()\n"]}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell, {"cell_type": "markdown", "source": ["wandb.log"]}]}))
    (tmp_path / "b.py").write_text("import wandb\nwandb.init()\nwandb.init()\n")
    (tmp_path / "broken.ipynb").write_text("wandb {")
    hidden = tmp_path / "venv" / "lib"
    hidden.mkdir(parents=True)
    (hidden / "c.py").write_text("import wandb\nwandb.log({})\n")
    rows = inventory.inventory([tmp_path])
    assert [(row.name, row.level, row.uses) for row in rows] == [
        ("wandb.nosuch", "unknown", 1),
        ("wandb.init", "full", 2),
    ]
    assert rows[1].places == [f"{tmp_path / 'b.py'}:2", f"{tmp_path / 'b.py'}:3"]

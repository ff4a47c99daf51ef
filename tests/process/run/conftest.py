"""Runs of the native API: in this process where that is enough, in a fresh interpreter where its end matters."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import wandb
from tests.helpers.environments import ROOT
from wandb.errors import term
from wandb.sdk import wandb_login, wandb_setup
from wandb_compat.spool import journal

# The start-up hook of pluto-ml wraps `wandb` in every interpreter; ours stands it down, but is not installed here.
WITHOUT_HOOK = (
    'import sys; sys.meta_path[:] = [f for f in sys.meta_path if not type(f).__module__.startswith("pluto")]\n'
)
FOREIGN = ("WANDB_", "PLUTO_", "DISABLE_WANDB", "MLOP_")


class Recorded:
    """What a run left in its journal."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.entries = [
            (entry.kind.decode(), json.loads(entry.document))
            for file in journal.files(home)
            for piece, _ in journal.read(file)
            for entry in piece
        ]

    def all(self, kind: str) -> list[Any]:
        """Return the documents of one kind, in order."""
        return [document for found, document in self.entries if found == kind]

    def one(self, kind: str) -> Any:
        """Return the only document of a kind."""
        (document,) = self.all(kind)
        return document

    def rows(self) -> list[tuple[int, dict[str, float]]]:
        """Return step and values of every row."""
        return [(row["step"], row["data"]) for row in self.all("row")]

    def about(self) -> dict[str, Any]:
        """Return what `config["wandb"]` has come to."""
        merged: dict[str, Any] = dict(self.one("start")["config"].get("wandb", {}))
        for document in self.all("config"):
            merged.update(document["values"].get("wandb", {}))
        return merged


def recorded(where: Any) -> Recorded:
    """Return what a run, or the latest run below a folder, has recorded."""
    return Recorded(
        Path(where.sync_dir) if isinstance(where, wandb.Run) else Path(where, "wandb", "latest-run").resolve()
    )


@pytest.fixture
def read() -> Callable[[Any], Recorded]:
    """Reads back what a run has recorded."""
    return recorded


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has a home and a working folder of its own, no settings from outside, and no run at its end."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.setenv("WANDB_CONSOLE", "off")
    monkeypatch.setattr(term, "_said", set())
    monkeypatch.setattr(term, "_shown", dict.fromkeys(term._shown))
    monkeypatch.setattr(wandb_login, "_session", [])
    monkeypatch.setattr(wandb_setup, "_given", wandb.Settings())
    monkeypatch.chdir(tmp_path)
    yield
    wandb.teardown()


@dataclass
class Ended:
    """A script that has ended."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def run(self) -> Recorded:
        """What its latest run recorded."""
        return recorded(self.folder)


Script = Callable[..., Ended]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Runs the text of a script in a fresh interpreter and returns how it ended."""

    def run(text: str, **environment: str) -> Ended:
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        file = folder / "train.py"
        file.write_text(WITHOUT_HOOK + textwrap.dedent(text))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        isolated = {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1,localhost", "PLUTO_DISABLE_TELEMETRY": "1"}
        done = subprocess.run(
            [sys.executable, file.name],
            cwd=folder,
            env={**kept, **isolated, "WANDB_MODE": "offline", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr, folder)

    return run

"""Runs of the native API in the test's own process, and what they left in their journal."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import wandb
from wandb.errors import term
from wandb.sdk import wandb_login, wandb_setup
from wandb_compat.spool import journal

FOREIGN = ("WANDB_", "PLUTO_", "DISABLE_WANDB", "MLOP_", "XDG_CONFIG_HOME")


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
    """Every test has a separate home and working folder, no settings from outside, and no run at its end."""
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

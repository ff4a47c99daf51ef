"""What is known of a sweep on this disk: its definition, its state and its trials, shared by all agents."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import filelock
import psutil

from wandb._native.sweeps import SweepNotFoundError
from wandb.sdk.lib.runid import generate_id
from wandb_compat.spool.atomic_write import atomic_write
from wandb_compat.spool.process_registry import alive

STATES = ("RUNNING", "PAUSED", "FINISHED", "CANCELED")
_PATIENCE = 60  # seconds that an agent waits for another one to let go of the ledger


@dataclass
class Trial:
    """A configuration that is or was tried.

    `state` is `pending` (for whoever comes first), `running`, or wandb's word for the end of a run: `finished`,
    `failed`, `killed`, and `crashed` when its agent died. `value` is the objective at the end, None if it has none.
    `agent` is the id of who tries it, `name` what the run is to be called, None for a name like any other.
    """

    run: str
    config: dict[str, Any]
    state: str = "running"
    value: float | None = None
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    born: float = field(default_factory=lambda: psutil.Process().create_time())  # numbers of processes come again
    agent: str = ""
    name: str | None = None

    def take(self) -> Trial:
        """Give the trial to this process, and return it."""
        mine = Trial(self.run, self.config)
        self.state, self.host, self.pid, self.born = mine.state, mine.host, mine.pid, mine.born
        return self

    def orphan(self) -> bool:
        """Whether its agent was on this machine and is gone."""
        here = self.state == "running" and self.host == socket.gethostname()
        return here and not alive({"pid": self.pid, "since": self.born})


def folder() -> Path:
    """Return where sweeps lie: `PLUTO_DIR/sweeps`, by default `~/.pluto/sweeps`, where `pluto.sweep` keeps its own."""
    return Path(os.environ.get("PLUTO_DIR") or Path.home() / ".pluto", "sweeps")


def create(definition: Mapping[str, Any], project: str | None) -> Ledger:
    """Keep a new sweep, in the form in which `pluto.agent` reads it too."""
    ledger = Ledger(generate_id())
    ledger.define(definition, project)
    return ledger


class Ledger:
    """A sweep by its id; everything is read anew each time, since other agents write too."""

    def __init__(self, sweep: str) -> None:
        self.sweep = sweep
        self._definition = folder() / f"{sweep}.json"
        self._trials = folder() / f"{sweep}.trials.json"
        self._lock = filelock.FileLock(folder() / f"{sweep}.lock", timeout=_PATIENCE)

    def exists(self) -> bool:
        """Whether the sweep was made here."""
        return self._definition.exists()

    def define(self, definition: Mapping[str, Any], project: str | None) -> None:
        """Keep the definition, new or changed."""
        self._definition.parent.mkdir(parents=True, exist_ok=True)
        _replace(self._definition, {**definition, "_project": project})

    def definition(self) -> dict[str, Any]:
        """Return the sweep as it was made.

        Raises:
            SweepNotFoundError: it was not made here.
        """
        kept = self._read()
        kept.pop("_project", None)
        return kept

    def project(self) -> str | None:
        """Return the project that the sweep's runs belong to, if it was given one."""
        return self._read().get("_project")

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._definition.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise SweepNotFoundError(
                f"There is no sweep {self.sweep} in {folder()}: make it with wandb.sweep(), or let PLUTO_DIR name the"
                " folder that its other agents use"
            ) from None

    def state(self) -> str:
        """Return one of STATES."""
        return str(self._load()["state"])

    def set_state(self, state: str) -> None:
        """Change the state; agents see it before their next trial."""
        with self.changing() as kept:
            kept["state"] = state

    def trials(self) -> list[Trial]:
        """Return all trials, the oldest first."""
        return [Trial(**one) for one in self._load()["trials"]]

    def trial(self, run: str) -> Trial | None:
        """Return the trial that a run is, or None."""
        return next((one for one in self.trials() if one.run == run), None)

    def enqueue(self, config: dict[str, Any], name: str | None = None) -> str:
        """Let the next agent try a configuration; return the id that its run will have."""
        with self.changing() as kept:
            run = generate_id()
            kept["trials"].append(Trial(run, config, state="pending", name=name))
        return run

    def end(self, run: str, state: str, value: float | None = None) -> None:
        """Note how a trial has ended; a value that is known already stays."""
        with self.changing() as kept:
            for one in kept["trials"]:
                if one["run"] == run:
                    one["state"] = state
                    one["value"] = value if value is not None else one["value"]

    @contextmanager
    def changing(self) -> Iterator[dict[str, Any]]:
        """Give `{"state": …, "trials": […]}` to be changed, while no other agent does."""
        folder().mkdir(parents=True, exist_ok=True)
        with self._lock:
            kept = self._load()
            yield kept
            kept["trials"] = [one if isinstance(one, dict) else asdict(one) for one in kept["trials"]]
            _replace(self._trials, kept)

    def _load(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._trials.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {"state": "RUNNING", "trials": []}


def _replace(file: Path, content: Any) -> None:
    """Replace a JSON file as a whole."""
    atomic_write(file, json.dumps(content, default=str))

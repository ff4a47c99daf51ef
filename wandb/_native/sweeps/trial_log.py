"""The definition, state and trials of a sweep on this disk, shared by all its agents."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from wandb._native.sweeps import SweepNotFoundError
from wandb.sdk.lib.runid import generate_id
from wandb_compat.spool.process_registry import alive
from wandb_compat.system.atomic_write import atomic_write
from wandb_compat.system.locks import FileLock
from wandb_compat.system.machine import machine_name

STATES = ("RUNNING", "PAUSED", "FINISHED", "CANCELED")
LOCK_TIMEOUT = 60  # seconds that an agent waits for the lock of the trial log


@dataclass
class Trial:
    """A configuration that is or was tried.

    Args:
        run: id of the run.
        config: value by hyperparameter.
        state: `pending` until an agent claims it, `running`, or wandb's name for the end of a run: `finished`,
            `failed`, `killed`, and `crashed` when its agent died.
        value: the objective at the end, None if the run has none.
        host, pid, born: machine, process and start time of the process that runs it.
        agent: id of the agent.
        name: display name of the run, None for a random one.
    """

    run: str
    config: dict[str, Any]
    state: str = "running"
    value: float | None = None
    host: str = field(default_factory=machine_name)
    pid: int = field(default_factory=os.getpid)
    born: float = field(default_factory=lambda: psutil.Process().create_time())  # process ids are reused
    agent: str = ""
    name: str | None = None

    def claim(self) -> Trial:
        """Assign the trial to this process, and return it."""
        mine = Trial(self.run, self.config)
        self.state, self.host, self.pid, self.born = mine.state, mine.host, mine.pid, mine.born
        return self

    def is_orphaned(self) -> bool:
        """Return whether its agent ran on this machine and has died."""
        here = self.state == "running" and self.host == machine_name()
        return here and not alive({"pid": self.pid, "since": self.born})


def sweeps_dir() -> Path:
    """Return `PLUTO_DIR/sweeps`, by default `~/.pluto/sweeps`, which `pluto.sweep` uses too."""
    return Path(os.environ.get("PLUTO_DIR") or Path.home() / ".pluto", "sweeps")


def create(definition: Mapping[str, Any], project: str | None) -> TrialLog:
    """Store a new sweep, in a form that `pluto.agent` can read too."""
    log = TrialLog(generate_id())
    log.define(definition, project)
    return log


class TrialLog:
    """A sweep on disk; each call reads the files again, because other agents write them too."""

    def __init__(self, sweep: str) -> None:
        self.sweep = sweep
        self._definition = sweeps_dir() / f"{sweep}.json"
        self._trials = sweeps_dir() / f"{sweep}.trials.json"
        self._lock = FileLock(sweeps_dir() / f"{sweep}.lock", timeout=LOCK_TIMEOUT)

    def exists(self) -> bool:
        """Return whether the sweep was created on this disk."""
        return self._definition.exists()

    def define(self, definition: Mapping[str, Any], project: str | None) -> None:
        """Store the definition, new or changed."""
        self._definition.parent.mkdir(parents=True, exist_ok=True)
        _replace(self._definition, {**definition, "_project": project})

    def definition(self) -> dict[str, Any]:
        """Return the definition.

        Raises:
            SweepNotFoundError: the sweep is not on this disk.
        """
        kept = self._read()
        kept.pop("_project", None)
        return kept

    def project(self) -> str | None:
        """Return the project that the sweep's runs belong to, or None."""
        return self._read().get("_project")

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._definition.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise SweepNotFoundError(
                f"Sweep {self.sweep} not found in {sweeps_dir()}: create it with wandb.sweep(), or set PLUTO_DIR to the"
                " directory that its other agents use"
            ) from None

    def state(self) -> str:
        """Return one of STATES."""
        return str(self._load()["state"])

    def set_state(self, state: str) -> None:
        """Change the state; agents see it before their next trial."""
        with self.locked() as kept:
            kept["state"] = state

    def trials(self) -> list[Trial]:
        """Return all trials, the oldest first."""
        return [Trial(**one) for one in self._load()["trials"]]

    def trial(self, run: str) -> Trial | None:
        """Return the trial that a run is, or None."""
        return next((one for one in self.trials() if one.run == run), None)

    def enqueue(self, config: dict[str, Any], name: str | None = None) -> str:
        """Let the next agent try a configuration; return the id that its run will have."""
        with self.locked() as kept:
            run = generate_id()
            kept["trials"].append(Trial(run, config, state="pending", name=name))
        return run

    def end(self, run: str, state: str, value: float | None = None) -> None:
        """Record how a trial has ended; a value that is already known stays."""
        with self.locked() as kept:
            for one in kept["trials"]:
                if one["run"] == run:
                    one["state"] = state
                    one["value"] = value if value is not None else one["value"]

    @contextmanager
    def locked(self) -> Iterator[dict[str, Any]]:
        """Yield `{"state": …, "trials": […]}` for changes, under the lock, and store it afterwards."""
        sweeps_dir().mkdir(parents=True, exist_ok=True)
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
    """Replace a JSON file atomically."""
    atomic_write(file, json.dumps(content, default=str))

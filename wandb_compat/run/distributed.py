"""Processes of a distributed job that log to one run of the server because they share PLUTO_RUN_ID.

Rank 0 keeps its keys. Every other rank logs `loss` as `rank3/loss`, unless the key names the rank already: the server
keeps one value a key and step. Rank 0 reports how the run ended, after the last rank of its machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from wandb_compat.config.limits import RANK_LOCK_TIMEOUT
from wandb_compat.spool.process_registry import ProcessRegistry, alive
from wandb_compat.spool.records import Config, Console, Exit, Record, Start
from wandb_compat.spool.status import State
from wandb_compat.system.locks import FileLock

_RANK_VARIABLES = ("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_NTASKS")
_GENERATED_ID = re.compile(r"[a-z0-9]{8}")  # an id that wandb has generated
_ENDED = "ended"
_OVER = ("done", "left", "delivered")


def own_rank(environ: Mapping[str, str] = os.environ) -> int | None:
    """Return the rank of this process in a job of several, or None."""
    for rank, size in _RANK_VARIABLES:
        if environ.get(rank, "").isdecimal() and environ.get(size, "").isdecimal() and int(environ[size]) > 1:
            return int(environ[rank])
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank()) if distributed.get_world_size() > 1 else None
    return None


def separate_runs_hint(run_id: str, grouped: bool, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return a hint for a job of which several ranks begin runs that nothing connects, else None.

    Only rank 1 gets it: where rank 0 alone begins a run all is well, and one hint is enough.

    Args:
        run_id: wandb's id of the run that begins.
        grouped: whether the run has a group, or is part of a sweep or of wandb's shared mode.
        environ: the environment.
    """
    if grouped or environ.get("WANDB_RUN_ID") or not _GENERATED_ID.fullmatch(run_id):
        return None
    for rank, size in _RANK_VARIABLES:
        if environ.get(rank) == "1" and environ.get(size, "").isdecimal() and int(environ[size]) > 1:
            return (
                f"This is rank 1 of {environ[size]} ({rank}, {size}), and each rank that calls wandb.init makes a"
                " separate run. For one run of all ranks, set PLUTO_RUN_ID to the same text in all of them; for"
                " separate runs that belong together, pass group= to wandb.init"
            )
    return None


def first_of_machine(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this is the rank that samples its machine."""
    return environ.get("LOCAL_RANK", environ.get("SLURM_LOCALID", "0")) == "0"


class RankPrefix:
    """Names the keys of a rank other than 0 on the server."""

    def __init__(self, rank: int) -> None:
        self.prefix = f"rank{rank}/"
        self._named = re.compile(rf"(?<![a-z0-9])rank[_\-.: ]?{rank}(?![0-9])", re.IGNORECASE)

    def key(self, key: Any) -> Any:
        """Return the key on the server."""
        return key if not isinstance(key, str) or self._named.search(key) else self.prefix + key

    def add(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with the keys of the server."""
        return {self.key(key): value for key, value in data.items()}

    def remove(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with the script's own keys."""
        return {key.removeprefix(self.prefix): value for key, value in data.items()}


def record_of_rank(record: Record, rank: int, prefix: RankPrefix | None) -> Record:
    """Return a record as a rank sends it: the summary under prefixed keys, console lines with the rank as prefix."""
    if isinstance(record, Console):
        return replace(record, message=f"[rank{rank}] {record.message}")
    if prefix is not None and isinstance(record, Config) and isinstance(record.values.get("wandb"), dict):
        about = dict(record.values["wandb"])
        if isinstance(about.get("summary"), dict):
            mine = {key: value for key, value in about["summary"].items() if not key.startswith("_")}
            about["summary"] = prefix.add(mine)
            columns = None if record.columns is None else list(map(prefix.key, record.columns))
            return Config({**record.values, "wandb": about}, columns)
    return record


@contextlib.contextmanager
def alone(start: Start) -> Iterator[None]:
    """Hold the lock of the ranks of this machine; continue without it when another rank holds it for too long."""
    lock = ProcessRegistry("locks").folder / f"{_run(start)}.lock"
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = FileLock(lock).acquire(timeout=RANK_LOCK_TIMEOUT)
    except OSError:
        yield
        return
    with held:
        yield


def _run(start: Start) -> str:
    return hashlib.sha256(f"{start.project}\n{start.target}".encode()).hexdigest()[:16]


class Ranks:
    """The ranks of one run on this machine, as the uploader of one of them sees them."""

    def __init__(self, start: Start, home: Path) -> None:
        assert start.rank is not None
        self.rank = start.rank
        self._home = str(home)
        self._name = f"{start.rank}-{hashlib.sha256(self._home.encode()).hexdigest()[:12]}"
        self._register = ProcessRegistry(f"ranks-{_run(start)}")

    def enter(self) -> None:
        """Register this rank as active; called by the trainer, before any other rank could end the run."""
        if self.rank == 0:
            self._register.leave(_ENDED)  # of an earlier job
        self._register.enter(self._name, {"home": self._home})

    def began(self, run: int) -> bool:
        """Whether a rank of this machine created the server's run, so that it did not exist before the job."""
        for name in self._register.names():
            entry = self._register.read(name) or {}
            state = State.read(Path(entry["home"])) if name not in (self._name, _ENDED) and alive(entry) else None
            if state is not None and state.run == run and state.resumed is False:
                return True
        return False

    def others_at_work(self) -> bool:
        """Whether another rank of this machine still logs, or its uploader still delivers."""
        import psutil  # only in the uploader: every `init` would wait for it

        for name in self._register.names():
            if name in (self._name, _ENDED) or (entry := self._register.read(name)) is None:
                continue
            state = State.read(Path(entry["home"])) or State()
            if state.phase in _OVER:
                continue
            if alive(entry) or (state.pid and psutil.pid_exists(state.pid)):
                return True
            self._register.leave(name)
        return False

    def ended(self) -> Exit | None:
        """Return how rank 0 has ended the run, or None while it has not, or is on another machine."""
        entry = self._register.read(_ENDED)
        return Exit(entry["time"], entry["state"], entry["code"]) if entry else None

    def leave(self, exit: Exit | None = None) -> None:
        """Record that this rank has delivered everything; rank 0 stores how it ended the run, for late ranks."""
        if exit is not None:
            with contextlib.suppress(OSError):
                self._register.enter(_ENDED, {"time": exit.time, "state": exit.state, "code": exit.code})
        self._register.leave(self._name)

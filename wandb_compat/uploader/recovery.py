"""Uploads what interrupted runs left on disk: run directories whose trainer and uploader have both died."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from wandb_compat.spool import journal, safe_paths
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import read_start
from wandb_compat.spool.layout import run_dirs_beside
from wandb_compat.spool.pending import pending_rows
from wandb_compat.spool.records import Start
from wandb_compat.spool.server_binding import ServerBinding
from wandb_compat.spool.status import ENDED, State, existing
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.system.background import detached
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.uploader.worker import VERIFY_TIME, Worker
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import NoRunFound, RunDirBusy

log = logging.getLogger(__name__)

DEAD_AFTER = 300.0  # seconds without a write after which a process on another machine counts as dead
OPTION = "--recover"
SHOWN = 3  # runs that a message names


@dataclass(slots=True)
class InterruptedRun:
    """A run directory that no process works on, though the server lacks something of it."""

    run_dir: Path
    start: Start
    unchecked: bool = False  # whether all was acknowledged, and only not seen to be stored

    def is_part_of(self, start: Start) -> bool:
        """Whether it is an earlier part of a run."""
        mine, other = self.start, start
        return (mine.project, mine.target or mine.id) == (other.project, other.target or other.id)


def find_interrupted(run_dir: Path) -> list[InterruptedRun]:
    """Return the interrupted runs beside a run directory, the oldest first.

    Offline runs do not count: they wait for `sync`. A run that had an uploader is interrupted when no process of this
    machine that wrote in its directory is alive, and when those of other machines have written nothing for DEAD_AFTER
    seconds. The lock ensures that no other uploader works on it.
    """
    found = [_interrupted(other) for other in run_dirs_beside(run_dir)]
    return sorted((one for one in found if one is not None), key=lambda one: one.start.time)


def _interrupted(run_dir: Path) -> InterruptedRun | None:
    state = State.read(run_dir)
    unchecked = state is not None and state.phase == "done" and state.unverified > 0
    if state is not None and state.phase == "done" and not unchecked:
        return None
    if not unchecked and not existing(run_dir / "logs" / "uploader.log").exists():
        return None
    try:
        start = read_start(run_dir)
        offsets = Offsets(run_dir)
        files = journal.files(run_dir)
        delivered = offsets.closed and offsets.covers(files)
        if start is None or (delivered and not unchecked) or not _abandoned(run_dir, files):
            return None
    except (OSError, ValueError, KeyError, TypeError):  # another process deletes it, or it is damaged
        return None
    return InterruptedRun(run_dir, start, unchecked=unchecked and delivered)


def _abandoned(run_dir: Path, files: list[Path]) -> bool:
    state = State.read(run_dir)
    at_work = state is not None and (state.phase not in ENDED or state.unverified)
    if state is not None and at_work and Trainer.of_writer(state.pid, State.path(run_dir)).alive():
        return False
    elsewhere = False
    for file in files:
        trainer = Trainer.of_file(file)
        if trainer is None:
            elsewhere = True
        elif trainer.alive():
            return False
    return not elsewhere or _seconds_unwritten(run_dir, files) > DEAD_AFTER


def _seconds_unwritten(run_dir: Path, files: list[Path]) -> float:
    """Return the seconds since anything was last written, by the clock of the file system that holds it."""
    probe = run_dir / "journal" / f"probe.{os.getpid()}"
    try:
        probe.touch()
        now = probe.stat().st_mtime
    except OSError:
        return 0.0
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    path = existing(State.path(run_dir))
    written = [*files, *path.parent.glob(f"{path.stem}*")]
    return now - max((file.stat().st_mtime for file in written), default=now)


def untrusted(run_dir: Path) -> str | None:
    """Return why a run directory may have been made or changed by another user, or None."""
    private = all(safe_paths.is_private(path) for path in (run_dir, run_dir / "journal") if path.exists())
    return None if private else "another user owns its directory or may write to it; check it, then use --trust"


def other_server(run_dir: Path, key: str, config: WorkerConfig, *, explicit: bool = False) -> str | None:
    """Return why a run directory does not belong to the configured server and key, or None.

    Args:
        run_dir: the run directory.
        key: the present key.
        config: the present configuration.
        explicit: whether the user asked for this run: then only a server that has the run counts.

    Raises:
        EndpointError: the configured URLs are incomplete.
    """
    binding = ServerBinding.read(run_dir)
    endpoints = resolve(config.urls)
    if binding is None or (explicit and not binding.created):
        return None
    other = binding.difference(ServerBinding.of(endpoints, key))
    return None if other is None else f"{other}; to send it to {endpoints.api}, use --to {endpoints.api}"


def reason_to_leave(run_dir: Path, key: str, config: WorkerConfig) -> str | None:
    """Return why a run directory must not be uploaded unless the user asks for it, or None."""
    return untrusted(run_dir) or other_server(run_dir, key, config)


def recover(run_dir: Path, start: Start, key: str, config: WorkerConfig) -> str | None:
    """Upload the interrupted runs beside a run directory; return a message for the user when there are any.

    Earlier parts of the same run are uploaded before this returns, or old values would arrive after new ones. The
    others are uploaded by a process that outlives the run.
    """
    found = find_interrupted(run_dir)
    reasons = {run.start.id: reason_to_leave(run.run_dir, key, config) for run in found}
    left = [
        f"Interrupted run {run.start.id} is not uploaded: {reason} with `wandb-compat sync {run.run_dir}`"
        for run in found
        if (reason := reasons[run.start.id]) is not None and not run.unchecked
    ]
    found = [run for run in found if reasons[run.start.id] is None]
    if not found:
        return "\n".join(left[:SHOWN]) or None
    rows = sum(pending_rows(run.run_dir) for run in found)
    others = [run for run in found if not run.is_part_of(start)]
    for run in found:
        if run not in others:
            _upload(run, key, config._replace(linger=0.0))
    if others:
        command = [sys.executable, "-m", "wandb_compat.uploader", str(run_dir), OPTION]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, **detached())
        assert process.stdin is not None
        process.stdin.write(config.hello(key, None))
        process.stdin.close()
    found = [run for run in found if not run.unchecked]
    if not found:
        return "\n".join(left[:SHOWN]) or None
    names = ", ".join(run.start.id for run in found[:SHOWN]) + (", …" if len(found) > SHOWN else "")
    runs = f"{len(found)} interrupted runs ({names})" if len(found) > 1 else f"interrupted run {names}"
    message = f"Uploading {rows} unsent row{'s' * (rows != 1)} of {runs} in the background"
    return "\n".join([message, *left[:SHOWN]])


def upload_interrupted(run_dir: Path, key: str, config: WorkerConfig) -> None:
    """Upload the interrupted runs beside a run directory, one after the other."""
    for run in find_interrupted(run_dir):
        if (reason := reason_to_leave(run.run_dir, key, config)) is None:
            _upload(run, key, config, VERIFY_TIME)
        else:
            log.info("%s: %s", run.run_dir, reason)


def check_stored(run_dir: Path, key: str, config: WorkerConfig) -> None:
    """Check once what was acknowledged of a delivered run and not seen to be stored; send again what is lost."""
    start = read_start(run_dir)
    if start is not None and reason_to_leave(run_dir, key, config) is None:
        _upload(InterruptedRun(run_dir, start, unchecked=True), key, config)


def _upload(run: InterruptedRun, key: str, config: WorkerConfig, verify: float = 0.0) -> None:
    try:
        state = Worker(run.run_dir, key, config, trainer=Trainer(None), follow=False, verify=verify).run()
        log.info("%s: %s, %s rows sent, %s refused", run.run_dir, state.phase, state.sent, state.refused)
    except (RunDirBusy, NoRunFound, OSError) as error:
        log.info("%s: %s", run.run_dir, error)

"""The trainer's side of the uploader: starts the process, reads its status, restarts it when it dies."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from wandb_compat.config import network
from wandb_compat.config.credentials import Credential
from wandb_compat.spool.process_registry import alive
from wandb_compat.spool.server_binding import ServerBinding
from wandb_compat.spool.status import ENDED, State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.system.background import detached
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import EndpointError

RESTART_PAUSE = 1.0  # seconds between two starts of an uploader that dies at once, doubled each time…
RESTART_PAUSE_LIMIT = 60.0  # …up to this
HEALTHY_TIME = 10.0  # seconds after which the death of an uploader says nothing about the next one
WHOLE = getattr(select, "PIPE_BUF", 0)  # bytes that a pipe takes as one piece, even if others write too


# A child that is forked while a process is being started inherits the pipe that tells of its start, and the start would
# not be over before the child's end: forks wait for the few milliseconds that it takes.
_starting = threading.RLock()  # a signal handler that forks may interrupt a start
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_starting.release)


class _OutlivingProcess(subprocess.Popen[bytes]):
    """A process that may outlive this one on purpose, so Python's ResourceWarning about that is left out."""

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            super().__del__(_warn=lambda *args, **kwargs: None)  # type: ignore[call-arg]


class _Pipe:
    """Our end of an uploader's standard input, for all the runs that are passed on to it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def write(self, line: bytes) -> None:
        """Write a line; does nothing when the pipe is closed.

        Raises:
            OSError: the other end is closed.
        """
        if self._descriptor is not None:
            os.write(self._descriptor, line)

    def close(self) -> None:
        """Let the uploader know that nothing more will come."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


class _Started(NamedTuple):
    """The uploader that was started last, and what decides whether it may deliver another run."""

    process: _OutlivingProcess
    pipe: _Pipe
    environment: dict[str, str]
    run_dir: Path  # of the run that was passed on last
    trainer: int

    def is_free(self, environment: dict[str, str]) -> bool:
        """Whether it has delivered its run, and would be started now as it was."""
        if self.trainer != os.getpid() or self.environment != environment or self.process.poll() is not None:
            return False
        state = State.read(self.run_dir)
        return state is not None and state.phase == "done" and state.pid == self.process.pid


_last: _Started | None = None


class UploaderProcess:
    """Handle of the uploader process of one run directory, which may have been started for an earlier one."""

    def __init__(self, run_dir: Path, credential: Credential, config: WorkerConfig) -> None:
        self.run_dir = run_dir
        self._credential = credential
        self._config = config
        self._process: _OutlivingProcess | None = None
        self._starts = 0  # without a healthy uploader in between
        self._started = 0.0  # when the last one was started, by `monotonic`
        self._next_start = 0.0
        self._pipe: _Pipe | None = None
        self._passed_on = False  # whether the process was started for an earlier run
        self._log = run_dir / "logs" / "uploader.log"

    def announce(self) -> None:
        """Create the files that an uploader needs; later runs see by them that this run has one."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.touch()
        State.reserve(self.run_dir)
        if ServerBinding.read(self.run_dir) is None:
            with contextlib.suppress(EndpointError):  # the uploader reports it
                ServerBinding.of(resolve(self._config.urls), None).write(self.run_dir)

    @property
    def ready(self) -> bool:
        """Whether the process can be started without reading the keyring, which may be slow."""
        return self._credential.at_hand

    def keep_running(self) -> None:
        """Start the process unless it runs or has done its work; meant to be called again and again."""
        if self._process is not None and self._process.poll() in (None, 0) and not self._was_too_late():
            self._healthy_since_start()
            return
        if monotonic() < self._next_start:
            return
        self._next_start = monotonic() + min(RESTART_PAUSE * 2**self._starts, RESTART_PAUSE_LIMIT)
        self._starts += 1
        self._start()
        self._started = monotonic()

    def _was_too_late(self) -> bool:
        """Whether the process had ended before it could read of this run."""
        if not self._passed_on or self._process is None or self._process.poll() is None:
            return False
        return (state := self.state()) is None or state.phase not in ENDED

    def _healthy_since_start(self) -> None:
        if self._starts and monotonic() - self._started >= HEALTHY_TIME:
            self.end_pause()

    def end_pause(self) -> None:
        """Let the next start happen at once, should one be needed."""
        self._starts, self._next_start = 0, 0.0

    def _start(self) -> None:
        # The key goes with it, and not in the arguments or the environment, which other tools may show.
        trouble = self._credential.trouble()
        key = None if trouble else self._credential.reveal()
        hello = self._config.hello(key, os.getpid(), trouble, run_dir=self.run_dir, stay=bool(WHOLE))
        environment = {k: v for k, v in os.environ.items() if k not in ("PLUTO_API_KEY", "WANDB_API_KEY")}
        environment |= network.environment()
        environment["PYTHONPATH"] = os.pathsep.join(_import_path())
        self.announce()
        with _starting:
            if not self._pass_on(hello, environment):
                self._start_process(hello, environment)

    def _pass_on(self, hello: bytes, environment: dict[str, str]) -> bool:
        """Let the uploader of an earlier run deliver this one; return whether it can."""
        global _last
        begun = self._process is not None or self.state() is not None
        if begun or len(hello) > WHOLE or _last is None or not _last.is_free(_of_uploader(environment)):
            return False
        try:
            _last.pipe.write(hello)
        except OSError:
            return False
        _last = _last._replace(run_dir=self.run_dir)
        self._process, self._pipe, self._passed_on = _last.process, _last.pipe, True
        return True

    def _start_process(self, hello: bytes, environment: dict[str, str]) -> None:
        global _last
        with self._log.open("ab") as output:
            end, descriptor = os.pipe()
            pipe = _Pipe(descriptor)
            try:
                # Before the process is there: once it is, nothing that happens to this one keeps the key from it.
                pipe.write(hello)
                # Detached: Ctrl-C is the trainer's affair, what it has logged must still arrive.
                process = _OutlivingProcess(
                    [sys.executable, "-m", "wandb_compat.uploader", str(self.run_dir)],
                    stdin=end,
                    stdout=output,
                    stderr=output,
                    cwd=self.run_dir,
                    env=environment,
                    **detached(),
                )
            except BaseException:
                pipe.close()
                raise
            finally:
                os.close(end)
        self._process, self._pipe, self._passed_on = process, pipe, False
        _last = _Started(process, pipe, _of_uploader(environment), self.run_dir, os.getpid())

    def ring(self) -> None:
        """Wake the uploader: there is something that should not wait for its next round."""
        if self._pipe is not None:
            with contextlib.suppress(OSError, ValueError):
                self._pipe.write(b"\n")

    @property
    def at_work(self) -> bool:
        """Whether an uploader works on the run directory: this one, or another one that was there before it."""
        if self._process is not None and self._process.poll() is None:
            known = self.state()
            return known is None or known.phase not in ENDED or known.pid != self._process.pid
        try:
            state, changed = self.state(), State.path(self.run_dir).stat().st_mtime
        except OSError:
            return False
        return state is not None and state.phase not in ENDED and alive({"pid": state.pid, "since": changed})

    @property
    def pid(self) -> int | None:
        """Number of the process, or None while none runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def state(self) -> State | None:
        """Return the uploader's own account, or None before it has given one."""
        return State.read(self.run_dir)

    def wait(self, seconds: float) -> bool:
        """Wait until the process has ended; return whether it has."""
        if self._process is None:  # it could not be started yet
            sleep(seconds)
            return False
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        if self._pipe is not None:
            self._pipe.close()
        return True


def _of_uploader(environment: dict[str, str]) -> dict[str, str]:
    """Return the variables that an uploader may read, without those that only name a run and its settings."""
    read = {*network.PROXY_VARIABLES.values(), *network.INSECURE_VARIABLES}
    return {k: v for k, v in environment.items() if k in read or not k.startswith(("WANDB_", "PLUTO_"))}


def _import_path() -> list[str]:
    """Return the uploader's PYTHONPATH: the trainer's, good in any folder, and ours where no environment has us."""
    path = [str(Path(entry).absolute()) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    ours = str(Path(__file__).parents[2])
    installed = sysconfig.get_paths()
    return path if ours in (installed["purelib"], installed["platlib"], *path) else [*path, ours]

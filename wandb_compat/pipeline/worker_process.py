"""The trainer's side of the uploader: starts the process, reads its status, restarts it when it dies."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from time import monotonic, sleep

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


class UploaderProcess:
    """Handle of the uploader process of one run directory."""

    def __init__(self, run_dir: Path, credential: Credential, config: WorkerConfig) -> None:
        self.run_dir = run_dir
        self._credential = credential
        self._config = config
        self._process: _OutlivingProcess | None = None
        self._starts = 0  # without a healthy uploader in between
        self._started = 0.0  # when the last one was started, by `monotonic`
        self._next_start = 0.0
        self._pipe: int | None = None
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
        if self._process is not None and self._process.poll() in (None, 0):
            self._healthy_since_start()
            return
        if monotonic() < self._next_start:
            return
        self._next_start = monotonic() + min(RESTART_PAUSE * 2**self._starts, RESTART_PAUSE_LIMIT)
        self._starts += 1
        self._start()
        self._started = monotonic()

    def _healthy_since_start(self) -> None:
        if self._starts and monotonic() - self._started >= HEALTHY_TIME:
            self.end_pause()

    def end_pause(self) -> None:
        """Let the next start happen at once, should one be needed."""
        self._starts, self._next_start = 0, 0.0

    def _start(self) -> None:
        # The key goes with it, and not in the arguments or the environment, which other tools may show.
        trouble = self._credential.trouble()
        hello = self._config.hello(None if trouble else self._credential.reveal(), os.getpid(), trouble)
        environment = {k: v for k, v in os.environ.items() if k not in ("PLUTO_API_KEY", "WANDB_API_KEY")}
        environment |= network.environment()
        environment["PYTHONPATH"] = os.pathsep.join(_import_path())
        self.announce()
        with self._log.open("ab") as output, _starting:
            end, pipe = os.pipe()
            try:
                # Before the process is there: once it is, nothing that happens to this one keeps the key from it.
                os.write(pipe, hello)
                # Detached: Ctrl-C is the trainer's affair, what it has logged must still arrive.
                self._process = _OutlivingProcess(
                    [sys.executable, "-m", "wandb_compat.uploader", str(self.run_dir)],
                    stdin=end,
                    stdout=output,
                    stderr=output,
                    cwd=self.run_dir,
                    env=environment,
                    **detached(),
                )
            except BaseException:
                os.close(pipe)
                raise
            finally:
                os.close(end)
        self._close_pipe()  # of the process before
        self._pipe = pipe

    def _close_pipe(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            with contextlib.suppress(OSError):
                os.close(pipe)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self._close_pipe()

    def ring(self) -> None:
        """Wake the uploader: there is something that should not wait for its next round."""
        if self._pipe is not None:
            with contextlib.suppress(OSError, ValueError):
                os.write(self._pipe, b"\n")

    @property
    def at_work(self) -> bool:
        """Whether an uploader works on the run directory: this one, or another one that was there before it."""
        if self._process is not None and self._process.poll() is None:
            return True
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
        self._close_pipe()
        return True


def _import_path() -> list[str]:
    """Return the uploader's PYTHONPATH: the trainer's, good in any folder, and ours where no environment has us."""
    path = [str(Path(entry).absolute()) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    ours = str(Path(__file__).parents[2])
    installed = sysconfig.get_paths()
    return path if ours in (installed["purelib"], installed["platlib"], *path) else [*path, ours]

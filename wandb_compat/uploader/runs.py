"""The runs that one uploader process delivers for its trainer: the next one while earlier ones are still verified."""

from __future__ import annotations

import json
import logging
import os
import threading
from contextvars import copy_context
from pathlib import Path
from time import monotonic
from typing import Any

from wandb_compat.config.limits import UPLOADER_STAY
from wandb_compat.spool.journal import read_start
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader import recovery
from wandb_compat.uploader.run_logs import current_run_dir
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.uploader.worker import Worker
from wandb_compat.wire.errors import EndpointError, NoRunFound, RunDirBusy

log = logging.getLogger(__name__)


class Runs:
    """Starts a thread for each run that the trainer passes on, and tells when the process has nothing more to do."""

    def __init__(self) -> None:
        self._workers: list[Worker] = []
        self._at_work = 0
        self._failed = False  # whether the trainer should start another process for one of the runs
        self._stays = False  # whether the trainer may pass on another run
        self._ended = monotonic()  # when the last run was over
        self._changed = threading.Condition()

    def take(self, run_dir: Path, hello: dict[str, Any]) -> None:
        """Begin to deliver a run directory with what `WorkerConfig.hello` has put together."""
        with self._changed:
            self._at_work += 1
            self._stays = bool(hello["stay"])
        context = copy_context()
        context.run(current_run_dir.set, run_dir)
        threading.Thread(target=context.run, args=(self._deliver, run_dir, hello), name="run", daemon=True).start()

    def read(self, trainer: int, begin: bytes = b"") -> None:
        """Act on each line of a pipe from the trainer until its end closes: an empty one wakes, others pass on a run.

        Args:
            trainer: descriptor of the pipe.
            begin: what was read of it before, and is to be acted on.
        """
        # Not through sys.stdin: a daemon thread that holds the lock of a stream aborts the interpreter at its end.
        piece, rest = begin, b""
        while piece or (piece := os.read(trainer, 4096)):
            *lines, rest = (rest + piece).split(b"\n")
            piece = b""
            if b"" in lines:
                self._ring()
            for hello in map(json.loads, filter(None, lines)):
                self.take(Path(hello["run_dir"]), hello)
        with self._changed:
            self._stays = False
            self._changed.notify()
        self._ring()

    def wait(self) -> int:
        """Return when no run is at work and none will come: 0, or 1 if another process should be started for one."""
        with self._changed:
            while not self._failed:
                stay = self._ended + UPLOADER_STAY - monotonic() if self._stays else 0.0
                if not self._at_work and stay <= 0:
                    return 0
                self._changed.wait(None if self._at_work else stay)
        return 1

    def _ring(self) -> None:
        for worker in list(self._workers):
            worker.ring()

    def _deliver(self, run_dir: Path, hello: dict[str, Any]) -> None:
        failed = True
        try:
            failed = not self._upload(run_dir, hello)
        except Exception:
            log.exception("the uploader of %s", run_dir)
        finally:
            with self._changed:
                self._at_work -= 1
                self._failed |= failed
                self._ended = monotonic()
                self._changed.notify()

    def _upload(self, run_dir: Path, hello: dict[str, Any]) -> bool:
        """Work until the run is delivered or given up; return whether it is not to be tried again."""
        key, config = hello["key"], WorkerConfig(**hello["config"])
        if not key:
            trouble = hello["no_key"] or "no Pluto key could be read; run `wandb-compat login` or set PLUTO_API_KEY"
            State(phase="left", trouble=trouble, permanent=True).write(run_dir)
            return True
        message = _recover(run_dir, key, config)
        worker = Worker(run_dir, key, config, trainer=Trainer(hello["trainer"]), follow=True, recovery=message)
        self._workers.append(worker)
        try:
            state = worker.run()
        except RunDirBusy as error:
            log.info(error)
        except NoRunFound as error:  # the disk has not taken the run's first record yet
            log.info(error)
            return False
        except EndpointError as error:
            State(phase="left", trouble=str(error)).write(run_dir)
        else:
            self._stays = self._stays and state.phase == "done"  # who is given no other run need not wait for one
            log.info("%s: %s rows sent, %s refused", state.phase, state.sent, state.refused)
        finally:
            self._workers.remove(worker)
        return True


def _recover(run_dir: Path, key: str, config: WorkerConfig) -> str | None:
    """Upload interrupted runs; no failure of theirs may delay this one."""
    try:
        start = read_start(run_dir)
        return recovery.recover(run_dir, start, key, config) if config.adopt and start is not None else None
    except Exception:
        log.exception("interrupted runs beside this one")
        return None

"""Follows the status of a run's uploader and passes its messages to the user."""

from __future__ import annotations

import _thread
import signal
import threading
from time import monotonic
from time import time as wall_clock
from typing import Literal

from wandb_compat.config.limits import STATUS_INTERVAL
from wandb_compat.pipeline.worker_process import UploaderProcess
from wandb_compat.spool.notifier import Notifier
from wandb_compat.spool.status import State

LinkTime = Literal["at once", "before the end", "never"]


class WorkerMonitor:
    """Reads the status of one uploader process and starts the process again when it has died."""

    def __init__(
        self,
        process: UploaderProcess,
        notifier: Notifier,
        *,
        outage_grace: float,
        cancellable: bool,
        link: LinkTime = "at once",
    ) -> None:
        """Follow a process.

        Args:
            process: the uploader.
            notifier: gets what the uploader reports.
            outage_grace: seconds for which trouble with the server may last before the user is warned.
            cancellable: whether the script stops when the run is cancelled on the server.
            link: when this shows the run's link: `at once` always, `before the end` until the run ends,
                which then shows it itself, `never` where the caller shows it, as in a notebook.
        """
        self.process = process
        self.ending = False  # whether the run has ended: the end reports what has not arrived
        self.status: State | None = None  # as last read
        self._notifier = notifier
        self._outage_grace = outage_grace
        self._cancellable = cancellable
        self._link = link
        self._cancelled = False
        self._due = 0.0

    def check(self, *, now: bool = False) -> None:
        """Read the status, at most every STATUS_INTERVAL unless `now`."""
        if not now and monotonic() < self._due:
            return
        self._due = monotonic() + STATUS_INTERVAL
        try:
            self.process.keep_running()
        finally:
            before, status = self.status, self.process.state()
            if status is not None:
                self.status = status
                self._report(status, new_url=not (before and before.url))

    def _report(self, status: State, new_url: bool) -> None:
        if status.url and new_url and (self._link == "at once" or (self._link == "before the end" and not self.ending)):
            self._notifier.info(f"Pluto run {status.display_id}: {status.url}")
        if status.recovery:
            self._notifier.info(status.recovery, once="recovery")
        if status.trouble and not self.ending and wall_clock() - (status.since or 0.0) >= self._outage_grace:
            self._notifier.warning(status.trouble, once=status.trouble)
        if status.cancelled and self._cancellable and not self._cancelled:
            self._cancelled = True
            self._notifier.error("the run was cancelled on the Pluto server; the script is stopped")
            _interrupt()


def _interrupt() -> None:
    """Stop the script as Ctrl-C would, also when its main thread sleeps in a system call."""
    if threading.main_thread().is_alive() and hasattr(signal, "pthread_kill"):
        # A shell starts background jobs with SIGINT ignored.
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM if ignored else signal.SIGINT)
    else:
        _thread.interrupt_main()

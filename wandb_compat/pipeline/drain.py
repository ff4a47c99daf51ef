"""Waits at the end of a run for its uploader: bounded, with progress, interruptible by Ctrl-C."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from time import monotonic, sleep, time

from wandb_compat.config.limits import DRAIN_FIRST_POLL, DRAIN_GRACE, DRAIN_LINE_INTERVAL, DRAIN_POLL, DRAIN_QUIET
from wandb_compat.pipeline.worker_process import UploaderProcess
from wandb_compat.spool.notifier import Notifier
from wandb_compat.spool.pending import pending_bytes, pending_rows
from wandb_compat.spool.status import ENDED, State

Show = Callable[[int, int], None]  # takes rows and bytes that are left


def wait(
    uploader: UploaderProcess,
    status: Callable[[], State],
    *,
    began: float,
    budget: float,
    notifier: Notifier,
    bar: bool,
) -> None:
    """Return when the uploader has ended its work, when it cannot go on, or when the budget is spent.

    The first Ctrl-C ends the waiting and nothing else, the uploader goes on by itself. A second one is the caller's.

    Args:
        uploader: who delivers.
        status: reads its status.
        began: when the end of the run began, by `monotonic`.
        budget: seconds from then on.
        notifier: shows lines of progress.
        bar: whether a terminal gets a progress bar in place of lines.
    """
    with contextlib.suppress(KeyboardInterrupt):
        uploader.end_pause()
        _keep_running(uploader)
        uploader.ring()
        waiting = _Waiting(uploader, status, began + budget)
        if waiting.ended(min(began + DRAIN_QUIET, began + budget)) or budget <= DRAIN_QUIET:
            return
        left, sent = pending_rows(uploader.run_dir), status().sent
        with _bar(left, budget) if bar and sys.stderr.isatty() else _lines(notifier, budget) as show:
            while not waiting.ended(min(monotonic() + DRAIN_POLL, began + budget)):
                if monotonic() - began >= budget:
                    return
                show(max(0, left - status().sent + sent), pending_bytes(uploader.run_dir))


class _Waiting:
    """Decides whether waiting for an uploader, which has just been woken, is over."""

    def __init__(self, uploader: UploaderProcess, status: Callable[[], State], until: float) -> None:
        """Begin to wait.

        Args:
            uploader: who delivers.
            status: returns its status.
            until: when the budget is spent, by `monotonic`.
        """
        self._uploader = uploader
        self._status = status
        self._until = until
        self._woken = self._seen_alive = monotonic()
        self._poll = DRAIN_FIRST_POLL

    def ended(self, until: float) -> bool:
        """Wait until a moment of `monotonic`; return whether waiting is over before it."""
        uploader = self._uploader
        while (now := monotonic()) < until:
            exited = uploader.wait(min(self._poll, until - now))
            self._poll = min(self._poll * 1.1, DRAIN_POLL)
            if exited:
                if (answer := uploader.state()) and answer.phase in ENDED:
                    return True
                sleep(DRAIN_POLL)  # it has died, and the next one waits for its turn
            _keep_running(uploader)
            state = self._status()
            if state.phase in ("delivered", "done"):  # it stays for the other ranks, or to verify
                return True
            if self._has_left(state) or self._is_away(state) or self._is_dead():
                return True
        return False

    def _is_away(self, state: State) -> bool:
        """Whether the server fails now: the uploader has had the time to try again since it was woken."""
        now = monotonic()
        # What an uploader has reported that is dead now says nothing about the server.
        known = state.phase == "waiting" and state.pid == (self._uploader.pid or state.pid)
        return known and now - self._woken > DRAIN_GRACE and not _fits(state.due, self._until - now)

    def _has_left(self, state: State) -> bool:
        """Whether the uploader has given the run up, and stays for others only."""
        return state.phase == "left" and state.pid == self._uploader.pid

    def _is_dead(self) -> bool:
        """Whether none is there, and none could be started for a while."""
        if self._uploader.at_work:
            self._seen_alive = monotonic()
        return monotonic() - self._seen_alive > DRAIN_GRACE


def _keep_running(uploader: UploaderProcess) -> None:
    with contextlib.suppress(OSError):  # no memory, no descriptors: the next attempt may work
        uploader.keep_running()


def _fits(due: float | None, left: float) -> bool:
    """Whether a server that has reported when it can be asked again is worth waiting for, with so many seconds left."""
    return due is not None and -DRAIN_GRACE < due - time() < left


@contextlib.contextmanager
def _lines(notifier: Notifier, budget: float) -> Iterator[Show]:
    due = 0.0

    def show(rows: int, size: int) -> None:
        nonlocal due
        if monotonic() >= due:
            due = monotonic() + DRAIN_LINE_INTERVAL
            notifier.info(
                f"sending the last rows to Pluto: {rows} rows, {_megabytes(size)} left; this takes {budget:g} s at "
                "most, and Ctrl-C leaves them to the background"
            )

    yield show


@contextlib.contextmanager
def _bar(rows: int, budget: float) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    progress = Progress(
        TextColumn("wandb: sending rows"),
        BarColumn(),
        TextColumn("{task.fields[left]} left"),
        TimeElapsedColumn(),
        TextColumn(f"of {budget:g} s; Ctrl-C: in background", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    with progress:
        task = progress.add_task("", total=max(rows, 1), left=f"{rows} rows")

        def show(left: int, size: int) -> None:
            progress.update(task, completed=rows - left, left=f"{left} rows, {_megabytes(size)}")

        yield show


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"

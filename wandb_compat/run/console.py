"""Captures what the script prints, line by line; a `print` only appends to a queue."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import sleep, time
from typing import Any, TextIO

from wandb_compat.config.limits import (
    CONSOLE_BACKLOG,
    CONSOLE_DELAY,
    CONSOLE_INTERVAL,
    CONSOLE_LINE_LIMIT,
)
from wandb_compat.run.arguments import LEFT_OUT
from wandb_compat.run.fd_redirect import FdRedirect
from wandb_compat.spool import threads
from wandb_compat.spool.records import Console

_DESCRIPTORS = {"stdout": 1, "stderr": 2}
_LEVELS = {"stdout": "INFO", "stderr": "ERROR"}  # as pluto-ml marks the two streams
COLORS = re.compile(r"\x1b\[[0-9;]*m")  # color codes in a line
_MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")  # moves of the cursor and the like, meaningless in a list of lines


class ConsoleCapture:
    """Captures the output of one run's script.

    `write` of the present `sys.stdout` and `sys.stderr` is wrapped; a wrapper only appends to a queue, a thread does
    the rest. With `redirect` the file descriptors 1 and 2 are redirected too, which captures what subprocesses and C
    libraries print. A progress bar overwrites its line after a carriage return: its last state is kept. Colors stay.
    """

    def __init__(
        self,
        submit: Callable[[Console], None],
        *,
        secret: Callable[[], str | None] = lambda: None,
        log: Path | None = None,
        redirect: bool = False,
        last_line: int = 0,
    ) -> None:
        """Prepare a capture.

        Args:
            submit: takes each line; called in the capture's thread.
            secret: returns text that must not leave the process, the key in use; called once and in the
                thread, as a keyring may be slow.
            log: file that gets the lines too.
            redirect: whether to redirect file descriptors and not only wrap Python's streams; not on Windows.
            last_line: number of the last line that an earlier part of the run has: a server sorts by numbers.
        """
        self._submit = submit
        self._ask_secret = secret
        self._secret: str | None = None
        self._path = log
        self._log: TextIO | None = None
        self._written: deque[tuple[str, str, float]] = deque()
        self._partial = dict.fromkeys(_LEVELS, "")
        self._count = dict.fromkeys(_LEVELS, last_line)
        self._redirect = redirect and os.name != "nt"
        self._redirected: list[FdRedirect] = []
        self._wrapped: list[tuple[Any, Any, Any]] = []
        self._pid = os.getpid()
        self._waiting = threading.Event()
        self._served = threading.Event()  # set once a thread processes the queue
        self._stopping = threading.Event()
        self._draining = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to capture both streams."""
        for name, descriptor in _DESCRIPTORS.items():
            stream = getattr(sys, name)
            if self._redirect:
                redirected = self._redirect_fd(name, descriptor, stream)
                if redirected and _writes_to(stream, descriptor):
                    continue
            self._wrap(name, stream)
        self.listen()

    def listen(self) -> None:
        """Capture only what `feed` brings."""
        # A message about trouble would be printed, and so be captured again.
        self._thread = threads.start("console", self._run, lambda error: None)
        if self._thread is not None:
            self._served.set()

    def feed(self, name: str, text: str) -> None:
        """Take a piece of text that another wrapper of `stdout` or `stderr` has captured."""
        if text and not self._stopping.is_set() and os.getpid() == self._pid:
            self._put(name, text)

    def _put(self, name: str, text: str) -> None:
        self._written.append((name, text, time()))
        self._waiting.set()
        if self._served.is_set():
            _slow_down(self._written, text)

    def _redirect_fd(self, name: str, descriptor: int, stream: Any) -> bool:
        """Redirect a descriptor; return whether that was possible."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()

        try:
            self._redirected.append(FdRedirect(descriptor, partial(self._put, name)))
        except OSError:  # closed, as in some daemons, or no thread available
            return False
        return True

    def stop(self) -> None:
        """Process what is left, also a last line without a line break, and restore the streams."""
        for stream, wrapper, original in self._wrapped:
            # A later wrapper keeps calling ours, which then only passes on.
            if vars(stream).get("write") is wrapper:
                if original is None:
                    del stream.write
                else:
                    stream.write = original
        if os.getpid() == self._pid:
            for name, redirection in zip(_DESCRIPTORS, self._redirected, strict=False):
                with contextlib.suppress(OSError, ValueError, AttributeError):
                    getattr(sys, name).flush()
                redirection.stop()
        self._stopping.set()
        self._waiting.set()
        if os.getpid() != self._pid:
            return
        if self._thread is not None:
            self._thread.join(1.0)
        self._drain()
        for name, rest in self._partial.items():
            if rest:
                self._line(name, rest, time())
        if self._log is not None:
            with contextlib.suppress(OSError):  # a full disk; the journal has the lines
                self._log.close()

    def _wrap(self, name: str, stream: Any) -> None:
        own = getattr(stream, "__dict__", None)
        if own is None or not hasattr(stream, "write"):  # None under pythonw, or a stream written in C
            return
        write = stream.write
        written, waiting, stopping, pid = self._written, self._waiting, self._stopping, self._pid
        served = self._served

        def wrapper(text: str, /) -> Any:
            result = write(text)
            if text and not stopping.is_set() and os.getpid() == pid:
                written.append((name, text, time()))
                if not waiting.is_set():
                    waiting.set()
                if served.is_set():
                    _slow_down(written, text)
            return result

        original = own.get("write")
        try:
            stream.write = wrapper
        except AttributeError:
            return
        self._wrapped.append((stream, wrapper, original))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._waiting.wait()
            self._stopping.wait(CONSOLE_INTERVAL)
            self._waiting.clear()
            self._drain()

    def _drain(self) -> None:
        with self._draining:
            while self._written:
                name, text, at = self._written.popleft()
                *lines, rest = (self._partial[name] + str(text)).split("\n")
                for line in lines:
                    self._line(name, line, at)
                self._partial[name] = _last_state(rest) if "\r" in rest[:-1] else rest[: 2 * CONSOLE_LINE_LIMIT]

    def _line(self, name: str, text: str, at: float) -> None:
        line = _last_state(_MOVES.sub("", text))
        if self._secret is None:
            self._secret = self._ask_secret() or ""
        if self._secret and self._secret in _plain(line):
            line = _plain(line).replace(self._secret, LEFT_OUT)
        if not line:
            return
        line = line[:CONSOLE_LINE_LIMIT]
        self._count[name] += 1
        try:
            self._submit(Console(int(at * 1000), line, self._count[name], _LEVELS[name]))
            self._copy(line)
        except Exception:  # a message about it would be printed, and so be captured again
            pass

    def _copy(self, line: str) -> None:
        if self._path is None:
            return
        if self._log is None:
            self._log = self._path.open("a", encoding="utf-8", errors="replace", buffering=1)
        self._log.write(line + "\n")


def _slow_down(waiting: deque[tuple[str, str, float]], text: str) -> None:
    """Pause a script that prints faster than lines are processed; estimates the backlog by the size of this piece."""
    if len(waiting) * (len(text) + 50) > CONSOLE_BACKLOG:
        least, each, most = CONSOLE_DELAY
        sleep(min(max(least, each * len(text)), most))


def _writes_to(stream: Any, descriptor: int) -> bool:
    try:
        return bool(stream.fileno() == descriptor)
    except (AttributeError, OSError, ValueError):  # pytest's, a notebook's, a closed one
        return False


def _last_state(text: str) -> str:
    """Return what a terminal shows of a line after all its carriage returns."""
    return next((part for part in reversed(text.split("\r")) if _plain(part).strip()), "")


def _plain(text: str) -> str:
    """Return a line without its color codes."""
    return COLORS.sub("", text)

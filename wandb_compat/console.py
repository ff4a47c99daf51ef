"""Takes a copy of what the script prints, line by line, without keeping the one who prints waiting."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any, TextIO

from wandb_compat.records import Console

DRAIN_INTERVAL = 0.1  # seconds that lines may wait to be taken in together
LINE_LIMIT = 64 * 1024  # characters of a line; of a longer one the beginning is kept
REDACTED = "[key]"
_LEVELS = {"stdout": "INFO", "stderr": "ERROR"}  # as pluto-ml marks the two streams
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class ConsoleCapture:
    """The copy of one run.

    `write` of the present `sys.stdout` and `sys.stderr` is wrapped; a wrapper only appends to a queue, a thread does
    the rest. Of a progress bar, which overwrites its line after a carriage return, the last state is kept.
    """

    def __init__(
        self,
        submit: Callable[[Console], None],
        *,
        secret: Callable[[], str | None] = lambda: None,
        log: Path | None = None,
    ) -> None:
        """Prepare a capture.

        Args:
            submit: takes each line; called from the capture's thread.
            secret: returns text that must not leave the process, the key in use; asked once and from the
                thread, as a keyring may be slow.
            log: file that gets the lines too.
        """
        self._submit = submit
        self._ask_secret = secret
        self._secret: str | None = None
        self._path = log
        self._log: TextIO | None = None
        self._written: deque[tuple[str, str, float]] = deque()
        self._partial = dict.fromkeys(_LEVELS, "")
        self._count = dict.fromkeys(_LEVELS, 0)
        self._wrapped: list[tuple[Any, Any, Any]] = []
        self._pid = os.getpid()
        self._waiting = threading.Event()
        self._stopping = threading.Event()
        self._draining = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="wandb-compat-console", daemon=True)

    def start(self) -> None:
        """Begin to listen to both streams."""
        for name in _LEVELS:
            self._wrap(name, getattr(sys, name))
        self._thread.start()

    def stop(self) -> None:
        """Take in what is left, also a last line without an end, and step out of the way."""
        for stream, wrapper, original in self._wrapped:
            # Whoever has wrapped after us keeps calling our wrapper, which then only passes on.
            if vars(stream).get("write") is wrapper:
                if original is None:
                    del stream.write
                else:
                    stream.write = original
        self._stopping.set()
        self._waiting.set()
        if os.getpid() != self._pid:
            return
        self._thread.join(1.0)
        self._drain()
        for name, rest in self._partial.items():
            if rest:
                self._line(name, rest, time())
        if self._log is not None:
            self._log.close()

    def _wrap(self, name: str, stream: Any) -> None:
        own = getattr(stream, "__dict__", None)
        if own is None or not hasattr(stream, "write"):  # None under pythonw, or a stream written in C
            return
        write = stream.write
        append, waiting, stopping, pid = self._written.append, self._waiting, self._stopping, self._pid

        def wrapper(text: str, /) -> Any:
            result = write(text)
            if text and not stopping.is_set() and os.getpid() == pid:
                append((name, text, time()))
                if not waiting.is_set():
                    waiting.set()
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
            self._stopping.wait(DRAIN_INTERVAL)
            self._waiting.clear()
            self._drain()

    def _drain(self) -> None:
        with self._draining:
            while self._written:
                name, text, at = self._written.popleft()
                *lines, rest = (self._partial[name] + str(text)).split("\n")
                for line in lines:
                    self._line(name, line, at)
                self._partial[name] = _last_state(rest) if "\r" in rest[:-1] else rest[: 2 * LINE_LIMIT]

    def _line(self, name: str, text: str, at: float) -> None:
        line = _ESCAPES.sub("", _last_state(text))
        if self._secret is None:
            self._secret = self._ask_secret() or ""
        if self._secret:
            line = line.replace(self._secret, REDACTED)
        if not line.strip():
            return
        line = line[:LINE_LIMIT]
        self._count[name] += 1
        try:
            self._submit(Console(int(at * 1000), line, self._count[name], _LEVELS[name]))
            self._copy(line)
        except Exception:  # telling of it would print, and so come here again
            pass

    def _copy(self, line: str) -> None:
        if self._path is None:
            return
        if self._log is None:
            self._log = self._path.open("a", encoding="utf-8", errors="replace", buffering=1)
        self._log.write(line + "\n")


def _last_state(text: str) -> str:
    """Return what stands in a line after all its carriage returns."""
    return next((part for part in reversed(text.split("\r")) if part.strip()), "")

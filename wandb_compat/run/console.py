"""Takes a copy of what the script prints, line by line, without keeping the one who prints waiting."""

from __future__ import annotations

import atexit
import codecs
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
    CONSOLE_CHILD_GRACE,
    CONSOLE_DELAY,
    CONSOLE_INTERVAL,
    CONSOLE_LINE_LIMIT,
    CONSOLE_PIPE_SIZE,
)
from wandb_compat.spool import threads
from wandb_compat.spool.records import Console

REDACTED = "[key]"
_DESCRIPTORS = {"stdout": 1, "stderr": 2}
_LEVELS = {"stdout": "INFO", "stderr": "ERROR"}  # as pluto-ml marks the two streams
COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # that a line may hold
_MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")  # of the cursor and the like, which mean nothing in a list of lines


class ConsoleCapture:
    """The copy of one run.

    `write` of the present `sys.stdout` and `sys.stderr` is wrapped; a wrapper only appends to a queue, a thread does
    the rest. With `redirect` the file descriptors 1 and 2 are taken as well, and with them what subprocesses and
    libraries in C print. Of a progress bar, which overwrites its line after a carriage return, the last state is kept.
    Colours are kept too.
    """

    def __init__(
        self,
        submit: Callable[[Console], None],
        *,
        secret: Callable[[], str | None] = lambda: None,
        log: Path | None = None,
        redirect: bool = False,
    ) -> None:
        """Prepare a capture.

        Args:
            submit: takes each line; called from the capture's thread.
            secret: returns text that must not leave the process, the key in use; asked once and from the
                thread, as a keyring may be slow.
            log: file that gets the lines too.
            redirect: whether to take file descriptors and not only Python's streams; not on Windows.
        """
        self._submit = submit
        self._ask_secret = secret
        self._secret: str | None = None
        self._path = log
        self._log: TextIO | None = None
        self._written: deque[tuple[str, str, float]] = deque()
        self._partial = dict.fromkeys(_LEVELS, "")
        self._count = dict.fromkeys(_LEVELS, 0)
        self._redirect = redirect and os.name != "nt"
        self._redirected: list[Redirection] = []
        self._wrapped: list[tuple[Any, Any, Any]] = []
        self._pid = os.getpid()
        self._waiting = threading.Event()
        self._served = threading.Event()  # set once a thread takes the lines in
        self._stopping = threading.Event()
        self._draining = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen to both streams."""
        for name, descriptor in _DESCRIPTORS.items():
            stream = getattr(sys, name)
            if self._redirect:
                taken = self._take(name, descriptor, stream)
                if taken and _writes_to(stream, descriptor):
                    continue
            self._wrap(name, stream)
        self.listen()

    def listen(self) -> None:
        """Take nothing but what `feed` brings."""
        # Telling of trouble would print, and what is printed comes here.
        self._thread = threads.start("console", self._run, lambda error: None)
        if self._thread is not None:
            self._served.set()

    def feed(self, name: str, text: str) -> None:
        """Take in a piece of text of `stdout` or `stderr` that somebody else has listened to."""
        if text and not self._stopping.is_set() and os.getpid() == self._pid:
            self._put(name, text)

    def _put(self, name: str, text: str) -> None:
        self._written.append((name, text, time()))
        self._waiting.set()
        if self._served.is_set():
            _hold_up(self._written, text)

    def _take(self, name: str, descriptor: int, stream: Any) -> bool:
        """Redirect a descriptor; return whether that was possible."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()

        try:
            self._redirected.append(Redirection(descriptor, partial(self._put, name)))
        except OSError:  # closed, as in some daemons, or no thread to be had
            return False
        return True

    def stop(self) -> None:
        """Take in what is left, also a last line without an end, and step out of the way."""
        for stream, wrapper, original in self._wrapped:
            # Whoever has wrapped after us keeps calling our wrapper, which then only passes on.
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
                    _hold_up(written, text)
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
            line = _plain(line).replace(self._secret, REDACTED)
        if not line:
            return
        line = line[:CONSOLE_LINE_LIMIT]
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


class Redirection:
    """A file descriptor with a listener: what is written to it arrives where it led before, and with the listener.

    Where it led to a terminal a terminal is put in between, so that progress bars and colours stay as they are.
    """

    def __init__(self, descriptor: int, feed: Callable[[str], None]) -> None:
        """Begin to listen.

        Args:
            descriptor: 1 or 2.
            feed: takes pieces of text; called from a thread of its own.

        Raises:
            OSError: the descriptor is closed, or no thread can be started.
        """
        self._descriptor = descriptor
        self._feed: Callable[[str], None] | None = feed
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._passing = threading.Lock()  # held by whoever reads, for as long as what was read is not written
        self._over = False
        self._pid = os.getpid()
        self._before = os.dup(descriptor)
        inherited = os.get_inheritable(descriptor)
        try:
            self._reader, writer = _terminal(descriptor) if os.isatty(descriptor) else _pipe()
        except BaseException:
            os.close(self._before)
            raise
        os.dup2(writer, descriptor, inheritable=inherited)
        os.close(writer)
        self._ours = _identity(descriptor)
        thread = threads.start(f"fd{descriptor}", self._run, lambda error: None)
        if thread is None:
            os.dup2(self._before, descriptor, inheritable=inherited)
            raise OSError("the machine grants no thread")
        self._thread = thread

    def stop(self) -> None:
        """Let the descriptor lead where it did; children that still hold ours are served to their end, unheard."""
        # Whoever has redirected after us, as pytest does between the phases of a test, keeps what they have made.
        if _identity(self._descriptor) == self._ours:
            os.dup2(self._before, self._descriptor)
        self._thread.join(CONSOLE_CHILD_GRACE)
        self._feed = None
        if self._thread.is_alive():
            atexit.register(self._drain)

    def _run(self) -> None:
        try:
            going = True
            while going:
                _readable(self._reader, None)
                with self._passing:
                    going = not _readable(self._reader, 0) or self._pass_on() > 0
        except OSError:  # nobody reads any more what the process prints, as behind `| head`
            pass
        finally:
            with self._passing:
                self._over = True
                os.close(self._reader)
                os.close(self._before)

    def _drain(self) -> None:
        """Pass on what children have printed so far: the thread ends with the script, in the middle of its work."""
        if os.getpid() == self._pid:
            left = CONSOLE_PIPE_SIZE  # no more than that can be there now, and some print for ever
            with self._passing, contextlib.suppress(OSError):
                while left > 0 and not self._over and _readable(self._reader, 0) and (passed := self._pass_on()):
                    left -= passed

    def _pass_on(self) -> int:
        """Take the next piece to where it was meant for; return its size in bytes, 0 at the end."""
        data = self._read()
        view = memoryview(data)
        while view:
            view = view[os.write(self._before, view) :]
        if data and (feed := self._feed) is not None:
            feed(self._decode(data))
        return len(data)

    def _read(self) -> bytes:
        try:
            return os.read(self._reader, 64 * 1024)
        except OSError:  # so a terminal reports its end
            return b""


def _hold_up(waiting: deque[tuple[str, str, float]], text: str) -> None:
    """Let the one who prints wait a moment if too much waits already, taking all pieces to be like this one."""
    if len(waiting) * (len(text) + 50) > CONSOLE_BACKLOG:
        least, each, most = CONSOLE_DELAY
        sleep(min(max(least, each * len(text)), most))


def _readable(descriptor: int, seconds: float | None) -> bool:
    """Wait until there is something to read, or the end; None waits for ever."""
    import select

    if sys.platform == "darwin":  # where poll knows no terminals
        return bool(select.select([descriptor], [], [], seconds)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _pipe() -> tuple[int, int]:
    """Return both ends of a pipe that takes as much as the system allows.

    C code that prints while it holds the interpreter's lock stops the thread that empties the pipe.
    """
    reader, writer = os.pipe()
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, CONSOLE_PIPE_SIZE)  # type: ignore[attr-defined,unused-ignore]
    return reader, writer


def _terminal(like: int) -> tuple[int, int]:
    """Return both ends of a terminal that looks like another and passes everything on unchanged."""
    import fcntl
    import pty
    import termios
    import tty

    reader, writer = pty.openpty()
    with contextlib.suppress(termios.error, OSError):
        tty.setraw(writer)
        fcntl.ioctl(writer, termios.TIOCSWINSZ, fcntl.ioctl(like, termios.TIOCGWINSZ, b"\0" * 8))
    return reader, writer


def _identity(descriptor: int) -> tuple[int, int] | None:
    """Return what tells where a descriptor leads, or None when it is closed."""
    try:
        told = os.fstat(descriptor)
    except OSError:
        return None
    return told.st_dev, told.st_ino


def _writes_to(stream: Any, descriptor: int) -> bool:
    try:
        return bool(stream.fileno() == descriptor)
    except (AttributeError, OSError, ValueError):  # pytest's, a notebook's, a closed one
        return False


def _last_state(text: str) -> str:
    """Return what stands in a line after all its carriage returns."""
    return next((part for part in reversed(text.split("\r")) if _plain(part).strip()), "")


def _plain(text: str) -> str:
    """Return a line without its colours."""
    return COLOURS.sub("", text)

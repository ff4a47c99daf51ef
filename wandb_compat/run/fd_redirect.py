"""Redirects a file descriptor so that what is written to it is passed on and copied."""

from __future__ import annotations

import atexit
import codecs
import contextlib
import os
import sys
import threading
from collections.abc import Callable

from wandb_compat.config.limits import CONSOLE_CHILD_GRACE, CONSOLE_PIPE_SIZE
from wandb_compat.spool import threads


class FdRedirect:
    """Redirects a file descriptor: what is written to it goes to its original target and to a callback.

    A terminal is replaced by a pseudo terminal, so that progress bars and colors stay as they are.
    """

    def __init__(self, descriptor: int, feed: Callable[[str], None]) -> None:
        """Begin to redirect.

        Args:
            descriptor: 1 or 2.
            feed: takes pieces of text; called in a separate thread.

        Raises:
            OSError: the descriptor is closed, or no thread can be started.
        """
        self._descriptor = descriptor
        self._feed: Callable[[str], None] | None = feed
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._passing = threading.Lock()  # held while a piece is read and not yet written
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
            raise OSError("the system refuses a new thread")
        self._thread = thread

    def stop(self) -> None:
        """Restore the descriptor; what children print that still hold ours is passed on, but not captured."""
        # A later redirection, as pytest makes between the phases of a test, stays.
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
        except OSError:  # the reader of the output is gone, as behind `| head`
            pass
        finally:
            with self._passing:
                self._over = True
                os.close(self._reader)
                os.close(self._before)

    def _drain(self) -> None:
        """Pass on what children have printed so far; the thread ends with the script."""
        if os.getpid() == self._pid:
            left = CONSOLE_PIPE_SIZE  # no more can be in the pipe now, and some children print for ever
            with self._passing, contextlib.suppress(OSError):
                while left > 0 and not self._over and _readable(self._reader, 0) and (passed := self._pass_on()):
                    left -= passed

    def _pass_on(self) -> int:
        """Pass the next piece on to the original target; return its size in bytes, 0 at the end."""
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
        except OSError:  # how a pseudo terminal reports its end
            return b""


def _readable(descriptor: int, seconds: float | None) -> bool:
    """Wait until there is something to read, or the end; None waits for ever."""
    import select

    if sys.platform == "win32":
        raise OSError("Windows waits for sockets only")
    if sys.platform == "darwin":  # where poll does not support terminals, and select no descriptors from 1,024 on
        if descriptor < 1024:
            return bool(select.select([descriptor], [], [], seconds)[0])
        with contextlib.closing(select.kqueue()) as queue:
            return bool(queue.control([select.kevent(descriptor, select.KQ_FILTER_READ)], 1, seconds))
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _pipe() -> tuple[int, int]:
    """Return both ends of a pipe, as large as the system allows.

    C code that prints while it holds the interpreter lock stops the thread that empties the pipe.
    """
    reader, writer = os.pipe()
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, CONSOLE_PIPE_SIZE)  # type: ignore[attr-defined,unused-ignore]
    return reader, writer


def _terminal(like: int) -> tuple[int, int]:
    """Return both ends of a pseudo terminal with the window size of another that passes everything on unchanged."""
    if sys.platform == "win32":
        raise OSError("Windows has no pseudo terminals of this kind")
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
    """Return what identifies the file behind a descriptor, or None when it is closed."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino

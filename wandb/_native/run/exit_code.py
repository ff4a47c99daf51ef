"""Finds out how the script ends: what goes uncaught, and which code `sys.exit` is given."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import NoReturn

from wandb_compat.spool.records import INTERRUPTED


class ExitWatch:
    """Wraps `sys.excepthook` and `sys.exit`, and calls the original ones."""

    def __init__(self) -> None:
        self.code = 0
        self.installed = False

    def install(self) -> None:
        """Begin to watch, once in a process."""
        if self.installed:
            return
        self.installed = True
        self._excepthook, sys.excepthook = sys.excepthook, self._uncaught
        self._exit, sys.exit = sys.exit, self._leave

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.code = code_of(error)
        self._excepthook(kind, error, trace)

    def _leave(self, status: object = None) -> NoReturn:
        if threading.current_thread() is threading.main_thread():  # elsewhere it ends a thread, not the script
            self.code = code_of(SystemExit(status))
        self._exit(status)  # type: ignore[arg-type]
        raise SystemExit(status)  # another replacement of sys.exit may return


def code_of(error: BaseException | None) -> int:
    """Return the exit code of a script, or of a `with` block, that ends in `error`."""
    if error is None:
        return 0
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 1

"""Postpones Ctrl-C and SIGTERM while code runs that an exception in the middle would leave unusable."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def postponed() -> Iterator[None]:
    """Call the handlers of SIGINT and SIGTERM after the block in place of within it.

    A second signal is handled at once, so that a block that hangs can be interrupted. Does nothing in other threads
    than the main one: Python calls handlers there only. Handlers that were not set from Python stay as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers: dict[int, Any] = {}
    received: list[int] = []

    def postpone(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            handlers[number](number, frame)

    try:
        for number in SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                handlers[number] = handler
                signal.signal(number, postpone)
        yield
    finally:
        for replaced, handler in handlers.items():
            signal.signal(replaced, handler)
        if len(received) == 1:
            signal.raise_signal(received[0])

"""Functions that are called when something happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_called: dict[str, list[Callable[..., Any]]] = {}


def register(event: str, func: Callable[..., Any]) -> None:
    """Call a function at an event from now on."""
    _called.setdefault(event, []).append(func)


def unregister(event: str, func: Callable[..., Any]) -> None:
    """Call it no more."""
    _called[event].remove(func)


def call(event_str: str, *args: Any, **kwargs: Any) -> None:
    """Call what is registered for an event."""
    for func in list(_called.get(event_str, ())):
        func(*args, **kwargs)


def reset() -> None:
    """Forget every function."""
    _called.clear()

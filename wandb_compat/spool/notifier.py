"""Messages to the user: one protocol for every part that has something to report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

Level = Literal["info", "warning", "error"]


class Notifier(Protocol):
    """Shows messages to the user; callable from any thread, never raises.

    Args of each method:
        text: the message; what happened, which value, what to do next.
        once: kind of message. Of one kind only the first message is shown; None shows each.
    """

    def info(self, text: str, *, once: str | None = None) -> None:
        """Show what needs no action."""

    def warning(self, text: str, *, once: str | None = None) -> None:
        """Show what the user may want to change."""

    def error(self, text: str, *, once: str | None = None) -> None:
        """Show that data is lost or that the run stops."""


class CallbackNotifier:
    """A `Notifier` that passes each message to a function and drops what that function raises."""

    def __init__(self, show: Callable[[Level, str], object]) -> None:
        """Prepare.

        Args:
            show: takes (level, text); called from any thread.
        """
        self._show = show
        self._shown: set[str] = set()  # kinds

    def info(self, text: str, *, once: str | None = None) -> None:
        """Show what needs no action."""
        self._notify("info", text, once)

    def warning(self, text: str, *, once: str | None = None) -> None:
        """Show what the user may want to change."""
        self._notify("warning", text, once)

    def error(self, text: str, *, once: str | None = None) -> None:
        """Show that data is lost or that the run stops."""
        self._notify("error", text, once)

    def _notify(self, level: Level, text: str, once: str | None) -> None:
        if once is not None:
            if once in self._shown:
                return
            self._shown.add(once)
        try:
            self._show(level, text)
        except Exception:  # a closed stream must not stop the caller
            pass

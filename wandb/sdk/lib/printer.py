"""The printer of integrations: text in, marked-up text or terminal lines out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from wandb.errors.term import termerror, termlog, termwarn


class Printer:
    """Prints plain text through `termlog` and its sisters; the formatting methods return their text unadorned."""

    supports_html = False
    supports_unicode = True

    def display(self, text: str | Sequence[str], *, level: str | int | None = None) -> None:
        """Print one text or several lines; `level` is a name or number of `logging`."""
        if isinstance(level, str):
            level = logging.getLevelName(level.upper().replace("WARN", "WARNING") if level == "warn" else level.upper())
        say: Callable[[str], None] = termlog
        if isinstance(level, int) and level >= logging.WARNING:
            say = termerror if level >= logging.ERROR else termwarn
        say(text if isinstance(text, str) else "\n".join(text))

    def progress_update(self, text: str, percent_done: float | None = None) -> None:
        """Show progress; nothing is shown outside a terminal."""

    def progress_close(self) -> None:
        """End the progress shown."""

    def code(self, text: str) -> str:
        """Return text that is to be read as code."""
        return f"`{text}`"

    def name(self, text: str) -> str:
        """Return a run's name."""
        return text

    def link(self, link: str, text: str | None = None) -> str:
        """Return a link."""
        return link

    def secondary_text(self, text: str) -> str:
        """Return text of lesser weight."""
        return text

    def error(self, text: str) -> str:
        """Return the text of an error."""
        return text

    def files(self, text: str) -> str:
        """Return a path."""
        return text

    def emoji(self, name: str) -> str:
        """Return no emoji."""
        return ""

    def panel(self, columns: list[str]) -> str:
        """Return columns as lines."""
        return "\n" + "\n".join(columns)

    def grid(self, rows: list[list[str]], title: str | None = None) -> str:
        """Return rows as aligned lines."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=False)]
        lines = [" ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=False)) for row in rows]
        return "\n".join([title, *lines] if title else lines)


def new_printer(settings: Any = None) -> Printer:
    """Return a printer; `settings` is accepted and unused."""
    return Printer()

"""Keeps exceptions on the way to Pluto from the script, and shows messages in wandb's style."""

from __future__ import annotations

import os
import sys
from typing import Any

from wandb_compat.config.truthy import is_true
from wandb_compat.spool.notifier import CallbackNotifier, Notifier

_COLORS = {"info": "", "warning": "\033[33mWARNING\033[0m ", "error": "\033[31mERROR\033[0m "}
_PLAIN = {"info": "", "warning": "WARNING ", "error": "ERROR "}
_HIDDEN_BY = {"info": ("silent", "quiet"), "warning": ("silent",), "error": ("silent",)}  # wandb's settings
_shown: set[str] = set()  # kinds of messages, in this process


class Guard:
    """Keeps exceptions on the way to Pluto from the script: the first of a kind is shown as a warning.

    KeyboardInterrupt and SystemExit pass: they are the script's own, or come from a signal handler.
    """

    __slots__ = ("_settings", "_what")

    def __init__(self, what: str, settings: Any = None) -> None:
        """Guard a block.

        Args:
            what: begins the message; names what has not happened.
            settings: wandb's, of the run.
        """
        self._what = what
        self._settings = settings

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None:
            return True
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            return False
        try:
            if (failure := f"{self._what}: {type(error).__name__}") not in _shown:
                _shown.add(failure)
                show("warning", f"Pluto: {self._what}: {type(error).__name__}: {error}", self._settings)
        except Exception:  # the error's own text may raise
            pass
        return True


def show(level: str, text: str, settings: Any = None, *, once: bool = False) -> None:
    """Print a line in wandb's style, not through the wrapper with which wandb captures the console.

    Args:
        level: `info`, `warning` or `error`.
        text: the message.
        settings: wandb's, of the run; `silent` and `quiet` hide messages as WANDB_SILENT does.
        once: show the same text only once in a process.
    """
    if is_true(os.environ.get("WANDB_SILENT")):
        return
    if any(getattr(settings, name, False) is True for name in _HIDDEN_BY[level]):
        return
    stream = sys.stderr
    if stream is None or (once and text in _shown):
        return
    if once:
        _shown.add(text)
    try:
        colored = stream.isatty()
        lead = "\033[1m\033[34mwandb\033[0m: " + _COLORS[level] if colored else "wandb: " + _PLAIN[level]
        type(stream).write(stream, f"{lead}{text}\n")
        stream.flush()
    except (AttributeError, OSError, ValueError):  # closed, or no real stream
        pass


def notifier_of(settings: Any) -> Notifier:
    """Return what shows messages about a run with wandb's settings."""
    return CallbackNotifier(lambda level, text: show(level, text, settings))

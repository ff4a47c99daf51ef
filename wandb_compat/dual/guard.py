"""Keeps what goes wrong on the way to Pluto from the script, and says it as wandb would."""

from __future__ import annotations

import os
import sys
from typing import Any

from wandb_compat.config.truthy import is_true

_COLORS = {"info": "", "warning": "\033[33mWARNING\033[0m ", "error": "\033[31mERROR\033[0m "}
_PLAIN = {"info": "", "warning": "WARNING ", "error": "ERROR "}
_HIDDEN_BY = {"info": ("silent", "quiet"), "warning": ("silent",), "error": ("silent",)}  # wandb's settings
_said: set[str] = set()


class Guard:
    """Keeps what goes wrong on the way to Pluto from the script: it is said, once a kind, and that is all.

    An interruption and an exit are the script's own, a signal handler's perhaps, and pass.
    """

    __slots__ = ("_settings", "_what")

    def __init__(self, what: str, settings: Any = None) -> None:
        """Guard a block.

        Args:
            what: begins the sentence that tells what has not happened.
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
            if (said := f"{self._what}: {type(error).__name__}") not in _said:
                _said.add(said)
                say("warning", f"Pluto: {self._what}: {type(error).__name__}: {error}", self._settings)
        except Exception:  # not even the error can say what it is
            pass
        return True


def say(level: str, sentence: str, settings: Any = None, *, once: bool = False) -> None:
    """Print a line in wandb's style, past the listeners with which wandb records what the script prints.

    Args:
        level: `info`, `warning` or `error`.
        sentence: the text.
        settings: wandb's, of the run, which may ask for silence as WANDB_SILENT does.
        once: say the same sentence only once in a process.
    """
    if is_true(os.environ.get("WANDB_SILENT")):
        return
    if any(getattr(settings, name, False) is True for name in _HIDDEN_BY[level]):
        return
    stream = sys.stderr
    if stream is None or (once and sentence in _said):
        return
    if once:
        _said.add(sentence)
    try:
        colored = stream.isatty()
        lead = "\033[1m\033[34mwandb\033[0m: " + _COLORS[level] if colored else "wandb: " + _PLAIN[level]
        type(stream).write(stream, f"{lead}{sentence}\n")
        stream.flush()
    except (AttributeError, OSError, ValueError):  # closed, or no real stream
        pass

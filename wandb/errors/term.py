"""What the API says to people: lines on stderr that begin with `wandb: `."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wandb_compat.config.truthy import is_true

_PREFIX = {"info": "", "warning": "WARNING ", "error": "ERROR "}
_COLOR = {"info": "", "warning": "\033[33m", "error": "\033[31m"}
LOG_STRING, WARN_STRING, ERROR_STRING = "wandb", "WARNING", "ERROR"
LOG_STRING_NOCOLOR, ERROR_STRING_NOCOLOR = "wandb", "ERROR"

# False once `WANDB_SILENT`, `WANDB_QUIET` or the settings of a run say so; None until `termsetup` has been called.
_shown: dict[str, bool | None] = dict.fromkeys(_PREFIX)
_said: set[str] = set()  # texts printed with repeat=False


def termsetup(settings: Any, logger: object = None) -> None:
    """Take `silent`, `quiet` and the `show_…` switches of a `wandb.Settings`; `logger` is accepted and unused."""
    _shown["info"] = not settings.silent and not settings.quiet and settings.show_info
    _shown["warning"] = not settings.silent and settings.show_warnings
    _shown["error"] = not settings.silent and settings.show_errors


def termlog(string: str = "", newline: bool = True, repeat: bool = True, prefix: bool = True) -> None:
    """Print a message to stderr.

    Args:
        string: the text; of several lines each gets the prefix.
        newline: end with a line break.
        repeat: False prints one and the same text only once in a process.
        prefix: begin with `wandb: `.
    """
    _print("info", string, newline, repeat, prefix)


def termwarn(string: str, newline: bool = True, repeat: bool = True, prefix: bool = True) -> None:
    """Print a warning to stderr; arguments as `termlog`."""
    _print("warning", string, newline, repeat, prefix)


def termerror(string: str, newline: bool = True, repeat: bool = True, prefix: bool = True) -> None:
    """Print an error to stderr; arguments as `termlog`."""
    _print("error", string, newline, repeat, prefix)


class NotATerminalError(Exception):
    """Input or output is not a terminal, so no prompt is possible."""


def can_use_terminput() -> bool:
    """Whether a prompt is possible."""
    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


def terminput(prompt: str, *, timeout: float | None = None, hide: bool = False) -> str:
    """Ask at the terminal and return the answer.

    Args:
        prompt: the question.
        timeout: seconds to wait.
        hide: show nothing of the answer.

    Raises:
        NotATerminalError: there is no terminal.
        TimeoutError: no answer came in time.
    """
    if not can_use_terminput():
        raise NotATerminalError(f"Not a terminal, so the prompt cannot be answered: {prompt}")
    if timeout is not None:
        import select

        sys.stderr.write(_lead("info") + prompt)
        sys.stderr.flush()
        if os.name != "nt" and not select.select([sys.stdin], [], [], timeout)[0]:
            raise TimeoutError(f"No answer within {timeout} s")
        return sys.stdin.readline().rstrip("\n")
    if hide:
        from getpass import getpass

        return getpass(_lead("info") + prompt, stream=sys.stderr)
    sys.stderr.write(_lead("info") + prompt)
    sys.stderr.flush()
    return input()


def confirm(prompt: str) -> bool:
    """Ask until the answer is yes or no.

    Raises:
        NotATerminalError: there is no terminal.
    """
    while True:
        answer = terminput(f"{prompt} (y/n): ").strip().lower()
        if answer in ("y", "yes", "n", "no"):
            return answer[0] == "y"


class DynamicBlock:
    """Text at the end of the terminal that can be replaced."""

    def set_text(self, text: str) -> None:
        """Print the text, on a separate line."""
        termlog(text)


@contextmanager
def dynamic_text() -> Iterator[DynamicBlock | None]:
    """Give None: messages are lines here, none is replaced."""
    yield None


def _print(level: str, string: str, newline: bool, repeat: bool, prefix: bool) -> None:
    string = str(string)
    if not repeat:
        if string in _said:
            return
        _said.add(string)
    if not is_shown(level):
        return
    if prefix:
        lead = _lead(level)
        string = "\n".join(lead + line for line in string.split("\n"))
    try:
        sys.stderr.write(string + ("\n" if newline else ""))
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # a closed or missing stderr must not end a training run
        pass


def is_shown(level: str) -> bool:
    """Whether messages of a level are printed: `info`, `warning` or `error`."""
    shown = _shown[level]
    if shown is not None:
        return shown
    if is_true(os.environ.get("WANDB_SILENT")):
        return False
    return level != "info" or not is_true(os.environ.get("WANDB_QUIET"))


def _lead(level: str) -> str:
    try:
        colored = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    except (AttributeError, ValueError):
        colored = False
    word = _PREFIX[level]
    if not colored:
        return f"wandb: {word}"
    return f"\033[1;34mwandb\033[0m: {_COLOR[level]}{word}" + ("\033[0m" if word else "")

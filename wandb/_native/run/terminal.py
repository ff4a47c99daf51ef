"""Messages of a native run, printed as wandb prints them."""

from __future__ import annotations

from wandb.errors.term import termerror, termlog, termwarn
from wandb_compat.spool.notifier import CallbackNotifier, Level, Notifier

_PRINT = {"info": termlog, "warning": termwarn, "error": termerror}


def terminal_notifier() -> Notifier:
    """Return what shows the messages of one run: `once=` counts within the run."""
    return CallbackNotifier(_show)


def _show(level: Level, text: str) -> None:
    _PRINT[level](text)

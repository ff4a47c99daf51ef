"""Dual mode's mirror: every run that the real wandb begins is told to Pluto too, after wandb and never in its way.

A run that the real `wandb.init` has returned gets a subclass of its class (`taps.py`). That overrides the few callbacks
through which all changes of a run pass: each calls the real one, hands on what it returns or raises, and then tells the
mirror (`runs.py`). What goes wrong there is said once and ends there (`guard.py`).
"""

from __future__ import annotations

import sys
from typing import Any

from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.dual import patch, supported_versions
from wandb_compat.dual.guard import Guard, say
from wandb_compat.dual.run import FOLDER, Mirror, living


def begin(run: Any) -> None:
    """Mirror a run that the real `wandb.init` has returned, unless it is mirrored already or not to be; never raises.

    The mode must be dual: there are Pluto credentials.
    """
    with Guard(f"the run {getattr(run, 'id', None)} is not mirrored"):
        own, complaints = Settings.read()
        for complaint in complaints:
            say("warning", complaint)
        if run.disabled or own.pluto_mode == "disabled" or patch.mirror_of(run) is not None:
            return
        if warning := supported_versions.warning(sys.modules["wandb"].__version__):
            say("warning", warning, run.settings, once=True)
        credential = credentials.find(post_sunset=False)
        online = own.pluto_mode == "online" if own.pluto_mode in ("online", "offline") else not run.offline
        patch.put(run, Mirror(run, own, credential if online else None))


def attached(run: Any) -> None:
    """Mirror what a process logs to a run that another process has begun and mirrors; never raises."""
    with Guard("what this process logs is not sent"):
        if patch.mirror_of(run) is None and (home := Mirror.home_of(run)).is_dir():
            patch.put(run, Mirror.join(run, Settings.read()[0], home))


def finish_all() -> None:
    """Finish what the script has left open; called when the process ends, after wandb has done the same."""
    for mirror in list(living):
        with Guard("the end of the run"):
            mirror.finish(mirror.script_code())


__all__ = ["FOLDER", "Mirror", "attached", "begin", "finish_all"]

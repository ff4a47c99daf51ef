"""Begins and ends the Pluto side of runs that the real wandb has begun.

The class of a run that the real `wandb.init` has returned is patched (`patch.py`): the few methods through which all
changes of a run pass call the real method, pass on what it returns or raises, and then call the mirror (`run.py`).
Errors there are shown once and end there (`guard.py`).
"""

from __future__ import annotations

import sys
from typing import Any

from wandb_compat.config import credentials, login_choice
from wandb_compat.config.settings import Settings
from wandb_compat.dual import patch, supported_versions
from wandb_compat.dual.guard import Guard, show
from wandb_compat.dual.run import Mirror, living


def begin(run: Any) -> None:
    """Log a run of the real wandb to Pluto too, unless this is done already or disabled; never raises.

    Dual mode must be active: Pluto credentials exist.

    Args:
        run: the run that the real `wandb.init` has returned.
    """
    with Guard(f"the run {getattr(run, 'id', None)} is not sent"):
        own, complaints = Settings.read()
        for complaint in complaints:
            show("warning", complaint)
        if run.disabled or own.pluto_mode == "disabled" or patch.mirror_of(run) is not None:
            return
        if not run.offline and login_choice.ensure_local_server(lambda text: show("info", text, run.settings)):
            own, _ = Settings.read()  # the server has a new address
        if warning := supported_versions.warning(sys.modules["wandb"].__version__):
            show("warning", warning, run.settings, once=True)
        credential = credentials.find(wandb_disabled=False)
        online = own.pluto_mode == "online" if own.pluto_mode in ("online", "offline") else not run.offline
        patch.attach(run, Mirror(run, own, credential if online else None))


def attached(run: Any) -> None:
    """Log what this process adds to a run of another process to Pluto too, if that one does so; never raises.

    Args:
        run: the run that the real `wandb.attach` has returned.
    """
    with Guard("what this process logs is not sent"):
        if patch.mirror_of(run) is None and (run_dir := Mirror.run_dir_of(run)).is_dir():
            patch.attach(run, Mirror.join(run, Settings.read()[0], run_dir))


def finish_all() -> None:
    """Finish the runs that the script has left open; called when the process ends, after wandb has finished its own."""
    for mirror in list(living):
        with Guard("the end of the run"):
            # wandb has ended the run with functions that it looked up before they were patched.
            run = mirror.run()
            mirror.finish(mirror.script_code(), patch.final_summary(run) if run is not None else None)


__all__ = ["Mirror", "attached", "begin", "finish_all"]

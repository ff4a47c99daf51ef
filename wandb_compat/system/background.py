"""Options of `subprocess.Popen` for processes that Ctrl-C in the terminal must not reach."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any


def detached() -> dict[str, Any]:
    """Return the options of a process in the background: it outlives its parent and the terminal, without a window."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def separate_group() -> dict[str, Any]:
    """Return the options of a process that keeps the terminal and whose signals its parent forwards."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    if sys.version_info >= (3, 11):
        return {"process_group": 0}
    return {"preexec_fn": os.setpgrp}

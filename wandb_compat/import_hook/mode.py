"""The active mode and the reason for it: `pluto`, `dual`, `wandb`, or `off`."""

import os
import sys
from types import ModuleType
from typing import Any, NamedTuple

from wandb_compat.config import credentials
from wandb_compat.config.truthy import is_true
from wandb_compat.import_hook import real_wandb, switch

CHOICE = "__wandb_compat__"  # in the dictionary of our `wandb`: the mode chosen at its first use, None before


class Mode(NamedTuple):
    """A mode and the reason for it, a printable phrase."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"wandb-compat: {self.name} mode, {self.reason}"


def current() -> Mode:
    """Return the active mode, or the one that the first use of `wandb` would choose now.

    The choice between the native package and the real one is final. Whether runs of the real one are logged to Pluto
    too is decided anew at each call.
    """
    module = sys.modules.get("wandb")
    if module is None:
        return decide()
    if is_foreign(module):
        return Mode("off", f"wandb was imported from {origin(module)} without wandb-compat")
    choice: Mode | None = vars(module)[CHOICE]
    if choice is None:
        return decide()
    if choice.name in ("dual", "wandb"):
        return _with_real_wandb(origin(module))
    return choice


def decide() -> Mode:
    """Return the mode that environment, installed packages and credentials ask for now."""
    if switch.switched_off():
        return Mode("off", f"WANDB_COMPAT={os.environ['WANDB_COMPAT']}")
    spec = real_wandb.find_spec()
    if spec is not None and is_migrating():
        return Mode("wandb", "pluto migrate reads from wandb's server")
    if wandb_logging_disabled():
        return Mode("pluto", "DISABLE_WANDB_LOGGING is set")
    if spec is None:
        return Mode("pluto", "no real wandb is installed")
    return _with_real_wandb(spec.origin)


def wandb_logging_disabled() -> bool:
    """Return whether `DISABLE_WANDB_LOGGING` is true: nothing may be logged to wandb."""
    return is_true(os.environ.get("DISABLE_WANDB_LOGGING"))


def is_migrating() -> bool:
    """Return whether this process exports runs from wandb's server; that needs the real wandb in every mode."""
    return "pluto.migrate.wandb_export" in sys.modules


def is_foreign(module: ModuleType | None) -> bool:
    """Return whether this is a module `wandb` that was imported without our finder."""
    return module is not None and CHOICE not in getattr(module, "__dict__", {})


def origin(module: Any) -> str | None:
    """Return the file of a module, or None."""
    return getattr(module, "__file__", None)


def _with_real_wandb(path: str | None) -> Mode:
    credential = credentials.find(wandb_disabled=False)
    if credential is None:
        return Mode("wandb", "no Pluto credentials were found")
    return Mode("dual", f"Pluto credentials from {credential.source}, real wandb at {os.path.dirname(path or '')}")

"""Which mode is active, and why: `pluto`, `dual`, `wandb`, or `off`."""

import os
import sys
from types import ModuleType
from typing import Any, NamedTuple

from wandb_compat import startup
from wandb_compat.config import credentials
from wandb_compat.config.truthy import is_true
from wandb_compat.import_hook import real_wandb

CHOICE = "__wandb_compat__"  # in the dictionary of our `wandb`: the mode chosen at its first use, None before


class Mode(NamedTuple):
    """A mode and the reason for it, a phrase fit to print."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"wandb-compat: {self.name} mode, {self.reason}"


def current() -> Mode:
    """Return the mode that holds in this process, or that the first use of `wandb` would choose if it came now.

    The namespace, native or real, stays as it was chosen; whether the real one has Pluto beside it is looked up anew.
    """
    module = sys.modules.get("wandb")
    if module is None:
        return decide()
    if foreign(module):
        return Mode("off", f"wandb was imported from {origin(module)} without wandb-compat")
    choice: Mode | None = vars(module)[CHOICE]
    if choice is None:
        return decide()
    if choice.name in ("dual", "wandb"):
        return _beside(origin(module))
    return choice


def decide() -> Mode:
    """Return the mode that environment, installed packages and credentials ask for now."""
    if startup.switched_off():
        return Mode("off", f"WANDB_COMPAT={os.environ['WANDB_COMPAT']}")
    spec = real_wandb.find()
    if spec is not None and migrating():
        return Mode("wandb", "pluto migrate reads what is on wandb's server")
    if sunset():
        return Mode("pluto", "DISABLE_WANDB_LOGGING is set")
    if spec is None:
        return Mode("pluto", "no real wandb is installed")
    return _beside(spec.origin)


def sunset() -> bool:
    """Whether `DISABLE_WANDB_LOGGING` says that nothing may be logged to wandb any more."""
    return is_true(os.environ.get("DISABLE_WANDB_LOGGING"))


def migrating() -> bool:
    """Whether this process exports runs from wandb's server: then `wandb` is the real one, also after the sunset."""
    return "pluto.migrate.wandb_export" in sys.modules


def foreign(module: ModuleType | None) -> bool:
    """Whether this is a module `wandb` that did not come through us."""
    return module is not None and CHOICE not in getattr(module, "__dict__", {})


def origin(module: Any) -> str | None:
    """Return the file of a module."""
    return getattr(module, "__file__", None)


def _beside(where: str | None) -> Mode:
    credential = credentials.find(post_sunset=False)
    if credential is None:
        return Mode("wandb", "no Pluto credentials were found")
    return Mode("dual", f"Pluto credentials from {credential.source}, real wandb at {os.path.dirname(where or '')}")

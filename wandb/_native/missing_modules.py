"""Explains, when a script imports a module of wandb that is not here, what to use instead."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from wandb_compat.import_hook import python_internals

_HERE = str(Path(__file__).parents[1])
_SERVICE = "it is part of the background service of the real wandb; use the public names of `wandb`"
_VENDORED = "wandb ships a copy of another package there; install and import that package itself"
_DROPPED = "wandb has dropped it; "
# The longest name that a module begins with gives the advice.
_ADVICE = {
    "wandb": "it is internal to the real wandb, or was; use the public names of `wandb`",
    "wandb.beta": f"{_DROPPED}use `wandb.Artifact`, `run.log_artifact`, `run.use_artifact` and `run.link_artifact`",
    "wandb.dataframes": f"{_DROPPED}log a `wandb.Table`",
    "wandb.filesync": _SERVICE,
    "wandb.history": f"{_DROPPED}use `run.log`, and `wandb.Api().run(...).scan_history()` to read",
    "wandb.internal": _SERVICE,
    "wandb.magic": f"{_DROPPED}call `run.log` yourself",
    "wandb.meta": f"{_DROPPED}use `wandb.Api().run(...).metadata`",
    "wandb.old": f"{_DROPPED}use `wandb.Settings` for the settings and `run.summary` for the summary",
    "wandb.proto": _SERVICE,
    "wandb.sdk.backend": _SERVICE,
    "wandb.sdk.integration_utils.data_logging": f"{_DROPPED}log a `wandb.Table`",
    "wandb.sdk.interface": _SERVICE,
    "wandb.sdk.interface.artifacts": f"{_DROPPED}use `wandb.Artifact`",
    "wandb.sdk.internal": _SERVICE,
    "wandb.sdk.launch": "W&B Launch has no counterpart in Pluto; start jobs with your own scheduler",
    "wandb.sdk.lib.deprecate": f"{_DROPPED}use `warnings.warn`",
    "wandb.sdk.lib.git": "use `wandb.sdk.lib.gitlib`",
    "wandb.sdk.lib.viz": "use `wandb.visualize` or `wandb.plot`",
    "wandb.sdk.mailbox": _SERVICE,
    "wandb.sdk.service": _SERVICE,
    "wandb.sdk.verify": "`wandb-compat doctor` checks the installation and the server",
    "wandb.sdk.wandb_artifacts": f"{_DROPPED}use `wandb.Artifact`",
    "wandb.sdk.wandb_manager": _SERVICE,
    "wandb.sdk.wandb_watch": f"{_DROPPED}use `run.watch` or `wandb.watch`",
    "wandb.sync": "`wandb-compat sync` uploads runs",
    "wandb.testing": "it tests the real wandb itself",
    "wandb.vendor": _VENDORED,
    "wandb_gql": "Pluto has no GraphQL; use `wandb.Api`",
    "wandb_graphql": "Pluto has no GraphQL; use `wandb.Api`",
    "wandb_watchdog": _VENDORED,
}


class MissingModules:
    """The last finder of `sys.meta_path`: raises for names below `wandb` that no other finder has."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise when an import statement asks; a mere look, as of `importlib.util.find_spec`, finds nothing.

        Raises:
            ModuleNotFoundError: the module is not here, with what to use instead.
        """
        if fullname.partition(".")[0] not in ("wandb", "wandb_gql", "wandb_graphql", "wandb_watchdog"):
            return None
        ours = getattr(sys.modules.get("wandb"), "__file__", None) or ""
        callers = python_internals.callers_in_importlib()
        if fullname == "wandb" or not ours.startswith(_HERE) or "_find_and_load_unlocked" not in callers:
            return None
        if "_handle_fromlist" in callers and fullname.count(".") == 1 and fullname not in _ADVICE:
            return None  # `from wandb import name` of a name that is not known: Python's own message is the right one
        message = f"{fullname} is not available with Pluto: {advice(fullname)}"
        # `from wandb.sdk import name` replaces the message of an error that has that name.
        name = fullname.partition(".")[0] if "_handle_fromlist" in callers else fullname
        raise ModuleNotFoundError(message, name=name)


def advice(module: str) -> str:
    """Return what to use instead of a module that is not here."""
    while module not in _ADVICE:
        module = module.rpartition(".")[0]
    return _ADVICE[module]


def install() -> None:
    """Register the finder once, behind all others."""
    if not any(type(finder).__name__ == MissingModules.__name__ for finder in sys.meta_path):
        sys.meta_path.append(MissingModules())

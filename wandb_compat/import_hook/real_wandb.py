"""Finds the real wandb on `sys.path` and loads its top level, and nothing else of it, as the module `_wandb_real`."""

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

ALIAS = "_wandb_real"


def find() -> ModuleSpec | None:
    """Return the spec of the real wandb, None if there is none."""
    return _search()[0]


def shadowed() -> list[str]:
    """Return the files of other modules called `wandb` that stand on `sys.path` before the real one."""
    return _search()[1]


def load(spec: ModuleSpec) -> ModuleType:
    """Return the module `_wandb_real`, new and not yet executed: `spec.loader.exec_module` does that."""
    assert spec.origin is not None
    alias = importlib.util.spec_from_file_location(ALIAS, spec.origin)
    assert alias is not None
    module = importlib.util.module_from_spec(alias)
    sys.modules[ALIAS] = module
    return module


def unseen(error: BaseException) -> None:
    """Take the frame of the caller out of a traceback that it re-raises: the script sees what wandb alone would show.

    Python 3.10 puts it back.
    """
    if error.__traceback__ is not None:
        error.__traceback__ = error.__traceback__.tb_next


def _search() -> tuple[ModuleSpec | None, list[str]]:
    others: list[str] = []
    for entry in sys.path:
        spec = PathFinder.find_spec("wandb", [entry])
        if spec is None or spec.loader is None or spec.origin is None:
            continue  # nothing, or a folder of runs that scripts have left in the working directory
        folders = list(spec.submodule_search_locations or ())
        if PathFinder.find_spec("wandb._bootstrap", folders):
            continue  # ours
        if PathFinder.find_spec("wandb.sdk", folders):
            return spec, others
        others.append(os.path.abspath(spec.origin))
    return None, others

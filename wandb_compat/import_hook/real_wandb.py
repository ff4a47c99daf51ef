"""Finds the real wandb on `sys.path` and loads its top level, and nothing else of it, as the module `_wandb_real`."""

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from wandb_compat.dual.real_module import ALIAS


def find_spec() -> ModuleSpec | None:
    """Return the spec of the real wandb, or None when it is not installed."""
    return _search()[0]


def shadowing() -> list[str]:
    """Return the files of unrelated modules called `wandb` that precede the real one on `sys.path`."""
    return _search()[1]


def create_alias(spec: ModuleSpec) -> ModuleType:
    """Return the module `_wandb_real`, new and not yet executed: `spec.loader.exec_module` executes it.

    Args:
        spec: the spec of the real wandb, as `find_spec` returns it.
    """
    assert spec.origin is not None
    alias = importlib.util.spec_from_file_location(ALIAS, spec.origin)
    assert alias is not None
    module = importlib.util.module_from_spec(alias)
    sys.modules[ALIAS] = module
    return module


def _search() -> tuple[ModuleSpec | None, list[str]]:
    others: list[str] = []
    for entry in sys.path:
        spec = PathFinder.find_spec("wandb", [entry])
        if spec is None or spec.loader is None or spec.origin is None:
            continue  # nothing, or a directory of runs that scripts have left in the working directory
        locations = list(spec.submodule_search_locations or ())
        if PathFinder.find_spec("wandb._bootstrap", locations):
            continue  # ours
        if PathFinder.find_spec("wandb.sdk", locations):
            return spec, others
        others.append(os.path.abspath(spec.origin))
    return None, others

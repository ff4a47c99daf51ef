"""Modules that are imported at the first use of one of their names."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any


class LazyLoader(ModuleType):
    """A placeholder for a module in another one, until it is used."""

    def __init__(
        self, local_name: str, parent_module_globals: dict[str, Any], name: str, warning: str | None = None
    ) -> None:
        """Be a placeholder for module `name` as `local_name` in a namespace; `warning` is printed when it is loaded."""
        super().__init__(name)
        self._local_name = local_name
        self._parent_module_globals = parent_module_globals
        self._warning = warning

    def __getattr__(self, item: str) -> Any:
        module = importlib.import_module(self.__name__)
        self._parent_module_globals[self._local_name] = module
        sys.modules[self._local_name] = module
        if self._warning:
            from wandb.errors.term import termwarn

            termwarn(self._warning)
            self._warning = None
        vars(self).update(vars(module))
        return getattr(module, item)


def import_module_lazy(name: str) -> ModuleType:
    """Return a module that is executed at the first use of one of its names.

    Raises:
        ModuleNotFoundError: there is no such module.
    """
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module

"""Calls a function once a module has been imported: integrations patch libraries that a script may never load."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_waiting: dict[str, list[Callable[[ModuleType], Any]]] = {}


def when_imported(name: str, call: Callable[[ModuleType], Any]) -> None:
    """Call `call(module)` now if the module is there, otherwise after its import."""
    if (module := sys.modules.get(name)) is not None:
        call(module)
        return
    _waiting.setdefault(name, []).append(call)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def forget(call: Callable[[ModuleType], Any]) -> None:
    """Call this function no more."""
    for calls in _waiting.values():
        calls[:] = [one for one in calls if one is not call]


class _Finder(MetaPathFinder):
    """Lets the others find the module, and puts its own loader around theirs."""

    def __init__(self) -> None:
        self._looking: set[str] = set()

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if not _waiting.get(fullname) or fullname in self._looking:
            return None
        self._looking.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        for call in _waiting.pop(module.__name__, ()):
            call(module)

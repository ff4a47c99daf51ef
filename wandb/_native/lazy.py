"""Reads which names of `wandb` are loaded at their first use, from the stub, the one list of public names."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

_IMPORT = re.compile(r"^from (\S+) import (\w+) as (\w+)\b", re.MULTILINE)


def names() -> dict[str, tuple[str, str]]:
    """Return module and name there of every import that the stub re-exports."""
    # Through the loader, which also reads from zip files.
    loader: Any = __spec__.loader
    stub = loader.get_data(os.path.join(os.path.dirname(os.path.dirname(__file__)), "__init__.pyi"))  # noqa: PTH118, PTH120
    return {public: (module, name) for module, name, public in _IMPORT.findall(stub.decode())}


def load(module: str, name: str) -> Any:
    """Return a submodule, or what a module has under a name."""
    try:
        return importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError as error:
        if error.name not in (f"{module}.{name}", module):
            raise
    return getattr(importlib.import_module(module), name)


def forward(
    here: dict[str, Any], source: str, names: Sequence[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a module whose names lie in another one, loaded at their first use.

    Args:
        here: `globals()` of the module that forwards.
        source: dotted name of the module that has them.
        names: which ones.
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {here['__name__']!r} has no attribute {name!r}")
        return getattr(importlib.import_module(source), name)

    return get, lambda: sorted({*here, *names})

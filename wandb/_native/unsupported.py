"""Features that Pluto lacks: using one raises an error that names an alternative."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from wandb.errors import UnsupportedError


def refuse(name: str, instead: str) -> NoReturn:
    """Raise UnsupportedError naming the call and what to do instead."""
    raise UnsupportedError(f"{name} is not available in Pluto: {instead}")


class UnsupportedNameError(UnsupportedError, AttributeError):
    """A module lacks a name that the real wandb has; also an AttributeError, as `hasattr` and imports expect."""


def refuse_name(module: str, name: str, instead: str) -> NoReturn:
    """Raise the AttributeError for a name that a module lacks, with the alternative for public ones.

    Args:
        module: dotted name of the module.
        name: the name that was looked up.
        instead: what to do instead.
    """
    if name.startswith("_"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    raise UnsupportedNameError(f"{module}.{name} does not exist in Pluto: {instead}")


REAL = "it works with the real wandb installed and DISABLE_WANDB_LOGGING unset"


def function(name: str, instead: str = REAL) -> Callable[..., Any]:
    """Return a function that refuses every call under the public name `name`."""

    def refused(*args: Any, **kwargs: Any) -> NoReturn:
        refuse(f"{name}()", instead)

    refused.__name__ = refused.__qualname__ = name.rpartition(".")[2]
    refused.__module__ = name.rpartition(".")[0]
    refused.__doc__ = f"Refused: {instead}."
    return refused


def kind(name: str, instead: str) -> type:
    """Return a class that can be named in annotations and `isinstance`, and never made."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        refuse(name, instead)

    module, _, own = name.rpartition(".")
    return type(own, (), {"__init__": __init__, "__module__": module, "__doc__": f"Refused: {instead}."})


def names_of(module: str, instead: str, kinds: str = "", functions: str = "") -> dict[str, Any]:
    """Return the names of a module that refuses: classes and functions, separated by blanks."""
    return {
        **{name: kind(f"{module}.{name}", instead) for name in kinds.split()},
        **{name: function(f"{module}.{name}", instead) for name in functions.split()},
    }


class AbsentModule(ModuleType):
    """A module of which every public name refuses."""

    def __getattr__(self, name: str) -> Any:
        refuse_name(self.__name__, name, REAL)

"""Names of wandb that can be imported but not used yet: whoever calls one is told which and why."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn


def refuse(name: str) -> NoReturn:
    """Raise NotImplementedError naming the call."""
    raise NotImplementedError(
        f"{name} is not available in wandb-compat yet; it works with the real wandb installed"
        " and DISABLE_WANDB_LOGGING unset"
    )


def function(name: str) -> Callable[..., Any]:
    """Return a function that refuses every call under the public name `name`."""

    def absent(*args: Any, **kwargs: Any) -> NoReturn:
        refuse(f"{name}()")

    absent.__name__ = absent.__qualname__ = name.rpartition(".")[2]
    absent.__doc__ = f"Not available yet: every call of `{name}` raises NotImplementedError."
    return absent


class Absent:
    """Base of classes that can be named in annotations and `isinstance`, but not made yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse(f"wandb.{type(self).__name__}()")


class AbsentModule(ModuleType):
    """A module of which every public name refuses."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        refuse(f"{self.__name__}.{name}")

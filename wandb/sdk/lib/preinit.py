"""The placeholders of `wandb.config`, `wandb.summary`, `wandb.log`… as long as no run is active."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from wandb._native.run import missing_run
from wandb.errors import Error


def _too_early(what: str) -> NoReturn:
    raise Error(f"You must call wandb.init() before {what}{missing_run.hint()}")


class PreInitObject:
    """A placeholder for an object of a run; every use of it says that there is no run yet."""

    def __init__(self, name: str, destination: Any = None) -> None:
        self._name = name
        if destination is not None:
            self.__doc__ = destination.__doc__

    def __getitem__(self, key: str) -> NoReturn:
        _too_early(f"{self._name}[{key!r}]")

    def __setitem__(self, key: str, value: Any) -> NoReturn:
        _too_early(f"{self._name}[{key!r}]")

    def __setattr__(self, key: str, value: Any) -> None:
        if not key.startswith("_"):
            _too_early(f"{self._name}.{key}")
        object.__setattr__(self, key, value)

    def __getattr__(self, key: str) -> NoReturn:
        if key.startswith("_"):
            raise AttributeError(key)
        _too_early(f"{self._name}.{key}")


def PreInitCallable(name: str, destination: Any = None) -> Callable[..., NoReturn]:
    """Return a placeholder for a method of a run; calling it says that there is no run yet."""

    def preinit(*args: Any, **kwargs: Any) -> NoReturn:
        _too_early(f"{name}()")

    preinit.__name__ = name
    if destination is not None:
        preinit.__wrapped__ = destination  # type: ignore[attr-defined]
        preinit.__doc__ = destination.__doc__
    return preinit

"""Logs every call of some functions of a library: what `autolog` of an integration is made of."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Sequence
from time import time
from typing import Any

import wandb
from wandb.errors.term import termwarn

Resolver = Callable[[Sequence[Any], dict[str, Any], Any, float, float], "dict[str, Any] | None"]


class PatchAPI:
    """Some functions of a library, which can be patched and given back.

    Args:
        name: the library, as it is imported.
        symbols: dotted names in it, such as `Pipeline.__call__`; those that a release does not have are passed over.
        resolver: called with (args, kwargs, response, start, seconds) after each call; returns what to log, or None.
    """

    def __init__(self, name: str, symbols: Sequence[str], resolver: Resolver) -> None:
        self.name = name
        self.symbols = symbols
        self.resolver = resolver
        self.original_methods: dict[str, Any] = {}

    @property
    def set_api(self) -> Any:
        """The library.

        Raises:
            wandb.Error: it is not installed.
        """
        library = self.name.lower()
        return wandb.util.get_module(library, required=f"autolog needs {library}: `pip install {library}`")

    def patch(self, run: wandb.Run) -> None:
        """Log the calls to a run from now on."""
        api = self.set_api
        for symbol in self.symbols:
            try:
                owner, name = _place(api, symbol)
                original = owner.__dict__[name] if inspect.isclass(owner) else getattr(owner, name)
            except (AttributeError, KeyError, ImportError):
                continue
            inner = getattr(original, "__func__", original)
            if not isinstance(getattr(inner, "__name__", None), str):  # represents what a release has removed
                continue
            logged = self._logged(inner, run)
            self.original_methods[symbol] = original
            setattr(owner, name, classmethod(logged) if isinstance(original, classmethod) else logged)

    def unpatch(self) -> None:
        """Give the functions back."""
        for symbol, original in self.original_methods.items():
            owner, name = _place(self.set_api, symbol)
            setattr(owner, name, original)
        self.original_methods = {}

    def _logged(self, original: Any, run: wandb.Run) -> Any:
        def log(args: Any, kwargs: Any, response: Any, start: float) -> None:
            try:
                values = self.resolver(args, kwargs, response, start, time() - start)
                if values:
                    run.log(values)
            except Exception as error:  # a form that is not known: the caller has its answer all the same
                termwarn(f"A call of {self.name} was not logged: {type(error).__name__}: {error}", repeat=False)

        if inspect.iscoroutinefunction(original):

            @functools.wraps(original)
            async def later(*args: Any, **kwargs: Any) -> Any:
                start = time()
                response = await original(*args, **kwargs)
                log(args, kwargs, response, start)
                return response

            return later

        @functools.wraps(original)
        def now(*args: Any, **kwargs: Any) -> Any:
            start = time()
            response = original(*args, **kwargs)
            log(args, kwargs, response, start)
            return response

        return now


class AutologAPI:
    """`autolog(init=None)`: call it to log what a library does, `autolog.disable()` to stop.

    Args:
        name: the library, as it is imported.
        symbols: its functions, as of `PatchAPI`.
        resolver: what to log of a call, as of `PatchAPI`.
        telemetry_feature: accepted.
        patch_api: patches in its own way, instead of name, symbols and resolver.
    """

    def __init__(
        self,
        name: str,
        symbols: Sequence[str],
        resolver: Resolver,
        telemetry_feature: str | None = None,
        *,
        patch_api: PatchAPI | None = None,
    ) -> None:
        self._name = name
        self._patch_api = patch_api or PatchAPI(name, symbols, resolver)
        self._run: wandb.Run | None = None
        self._own = False

    def __call__(self, init: dict[str, Any] | None = None) -> None:
        """Log calls from now on; see `enable`."""
        self.enable(init)

    def enable(self, init: dict[str, Any] | None = None) -> None:
        """Log calls from now on, to the active run or to a new one.

        Args:
            init: arguments for `wandb.init`.

        Raises:
            wandb.Error: the library is not installed.
        """
        self.disable()
        _ = self._patch_api.set_api
        before = wandb.run
        self._run = wandb.init(**(init or {})) if init or before is None else before
        self._own = self._run is not before
        self._patch_api.patch(self._run)

    def disable(self) -> None:
        """Log no more calls, and finish the run if `autolog` has begun it."""
        if self._run is None:
            return
        self._patch_api.unpatch()
        if self._own:
            self._run.finish()
        self._run = None


def _place(api: Any, symbol: str) -> tuple[Any, str]:
    """Return what a function is an attribute of, and its name there."""
    *path, name = symbol.split(".")
    owner = api
    for part in path:
        found = getattr(owner, part, None)
        owner = importlib.import_module(f"{owner.__name__}.{part}") if found is None else found
    return owner, name

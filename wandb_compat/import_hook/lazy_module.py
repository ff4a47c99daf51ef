"""Modules that sleep until they are used: imported at no cost, loaded at the first use of one of their names.

`importlib.util.LazyLoader` does this for modules without submodules; ours may be packages, whose first use may be the
import of a submodule, in several threads at once. Imported at interpreter start, so it imports nothing itself.
"""

import os
import sys
from _thread import allocate_lock, get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any
else:
    Loader, ModuleType = object, type(sys)

LOADING = "__wandb_compat_loading__"  # in a module's dictionary: the process and the thread that load it
# Names with two underscores are asked of every module by Python itself and by tools; only these mean that it is used.
_USES = ("__path__", "__version__", "__all__")
_transition = allocate_lock()
_awaited: "dict[int, ModuleType]" = {}  # which module each waiting thread waits for


class Dormant(ModuleType):
    """A module that the `load` of its loader brings to life at the first use of one of its names."""

    def __getattr__(self, name: str) -> "Any":
        if name[:2] == "__" and name not in _USES:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        wake(self)
        return getattr(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name[:2] == "__":
            ModuleType.__setattr__(self, name, value)
        else:
            wake(self)
            setattr(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name[:2] == "__":
            ModuleType.__delattr__(self, name)
        else:
            wake(self)
            delattr(self, name)

    def __dir__(self) -> "list[str]":
        wake(self)
        return dir(self)


class Waking(ModuleType):
    """A module while one thread loads it: the others wait."""

    def __getattr__(self, name: str) -> "Any":
        if name[:2] != "__" or name in _USES:
            if wait(self):
                return getattr(self, name)
            if name == "__path__":
                return self.__spec__.submodule_search_locations  # type: ignore[union-attr]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} (yet)")


def wake(module: ModuleType) -> None:
    """Load a dormant module on this thread, or wait for the thread that does."""
    with _transition:
        mine = isinstance(module, Dormant)
        if mine:
            asleep = type(module)
            module.__dict__[LOADING] = os.getpid(), get_ident()
            module.__class__ = Waking
    if not mine:
        wait(module)
        return
    locks = _let_go(module)
    try:
        module.__spec__.loader.load(module)  # type: ignore[union-attr]
    except BaseException:
        module.__class__ = asleep  # the next use tries again
        raise
    finally:
        del module.__dict__[LOADING]
        for lock in locks:
            lock.acquire()


def wait(module: ModuleType) -> bool:
    """Wait until another thread has loaded the module; return whether it has: it has not on the loading thread."""
    if LOADING not in module.__dict__:
        return True
    if get_ident() in _loading(module):
        return False
    from time import sleep

    locks = _let_go(module)
    _awaited[get_ident()] = module
    try:
        while LOADING in module.__dict__:
            if _in_vain(module):
                return False  # go on with what is there, as in a circular import
            sleep(0.005)
    finally:
        _awaited.pop(get_ident(), None)  # a signal handler may have waited meanwhile
        for lock in locks:
            lock.acquire()
    return True


def _let_go(package: ModuleType) -> "list[Any]":
    """Release and return this thread's locks of the package's modules that it is about to import.

    Python locks `wandb.sdk` before it asks `wandb` where to look, and only then do we learn that it is used. Whoever
    loads `wandb` needs that lock, and nothing has been done yet that it protects.
    """
    import _frozen_importlib

    held = []
    for name, reference in list(getattr(_frozen_importlib, "_module_locks", {}).items()):
        lock = reference() if name.startswith(f"{package.__name__}.") else None
        while lock is not None and lock.owner == get_ident():
            lock.release()
            held.append(lock)
    return held


def _in_vain(module: ModuleType) -> bool:
    """Whether a module's loading waits for this thread, be it by way of others, or did not survive a fork."""
    if module.__dict__.get(LOADING, (os.getpid(),))[0] != os.getpid():
        return True
    ahead, seen = _loading(module), set()
    while ahead:
        thread = ahead.pop()
        if thread == get_ident():
            return True
        if thread not in seen:
            seen.add(thread)
            ahead += _obstacles(thread)
    return False


def _loading(module: "ModuleType | None") -> "list[int]":
    """Return the thread that loads a module, if one does."""
    return list(vars(module).get(LOADING, ())[1:]) if module is not None else []


def _obstacles(thread: int) -> "list[int]":
    """Return the threads that have to do something before one that waits in an import can go on."""
    import _frozen_importlib

    # What Python's own look for deadlocks goes by: the lock a thread waits for; from 3.12 on a list of them.
    locks = getattr(_frozen_importlib, "_blocking_on", {}).get(thread) or []
    owners = [lock.owner for lock in (list(locks) if isinstance(locks, list) else [locks])]
    return [owner for owner in owners if owner] + _loading(_awaited.get(thread))


class Deferred(Loader):
    """A loader that leaves the module dormant; everything else is as the loader behind it says."""

    asleep = Dormant  # the class of the module until its first use

    def __init__(self, loader: "Any") -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> "Any":
        return getattr(self.loader, name)

    def create_module(self, spec: "ModuleSpec") -> "ModuleType | None":
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.pop("__path__", None)  # whoever asks for it is about to import a submodule
        module.__class__ = self.asleep

    def load(self, module: ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        spec.loader = module.__loader__ = self.loader
        try:
            self.loader.exec_module(module)
        except BaseException:
            spec.loader = module.__loader__ = self
            raise
        if spec.submodule_search_locations is not None:
            module.__path__ = spec.submodule_search_locations
        module.__class__ = ModuleType


class _Loaded(Deferred):
    """Loader of a submodule that was imported when its package woke, between the question and the answer."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(getattr(module, "__loader__", None))
        self._module = module
        self._spec = getattr(module, "__spec__", None)

    def create_module(self, spec: "ModuleSpec") -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


def loaded(module: ModuleType) -> "ModuleSpec":
    """Return a spec that gives a module which is there already."""
    from _frozen_importlib import ModuleSpec

    spec = ModuleSpec(module.__name__, _Loaded(module))
    true: ModuleSpec | None = getattr(module, "__spec__", None)
    if true is not None:
        spec.origin, spec.has_location = true.origin, true.has_location
        spec.submodule_search_locations = true.submodule_search_locations
    return spec

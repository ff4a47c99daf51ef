"""Modules that are imported at no cost and loaded at the first use of one of their names.

`importlib.util.LazyLoader` does this for modules without submodules; ours may be packages, whose first use may be the
import of a submodule, in several threads at once. Loaded at interpreter start: imports only built-in modules.
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
    Loader, ModuleType, ModuleSpec = object, type(sys), type(sys.__spec__)

LOADING = "__wandb_compat_loading__"  # in a module's dictionary: the process and the thread that load it
# Python itself and tools read names with two underscores from every module; only these mean that it is used.
_USED_NAMES = ("__path__", "__version__", "__all__")
POLL = 0.005  # seconds between two looks at a module that another thread loads
# Seconds to wait for another thread where this Python does not tell who waits for whom. Longer than wandb or pluto
# take to load from a slow disk; then the wait may be a deadlock.
WAIT_WITHOUT_INTERNALS = 30.0
_transition = allocate_lock()
_awaited: "dict[int, ModuleType]" = {}  # by thread that waits: the module it waits for


class ImportableModule(ModuleType):
    """A module that is pickled by its name.

    cloudpickle, dill and the like do so for modules, which they recognise by their exact type, and call
    `__reduce_ex__` for subclasses.
    """

    def __reduce_ex__(self, protocol: "Any") -> "Any":
        from copyreg import dispatch_table
        from importlib import import_module

        registered = dispatch_table.get(ModuleType)  # what a program has defined for modules holds for this one too
        return registered(self) if registered is not None else (import_module, (self.__name__,))


class LazyModule(ImportableModule):
    """A module that is loaded by the `load` of its loader at the first use of one of its names."""

    def __getattr__(self, name: str) -> "Any":
        if name[:2] == "__" and name not in _USED_NAMES:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        load(self)
        return getattr(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name[:2] == "__":
            ModuleType.__setattr__(self, name, value)
        else:
            load(self)
            setattr(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name[:2] == "__":
            ModuleType.__delattr__(self, name)
        else:
            load(self)
            delattr(self, name)

    def __dir__(self) -> "list[str]":
        load(self)
        return dir(self)


class LoadingModule(ImportableModule):
    """A module while one thread loads it; the other threads wait."""

    def __getattr__(self, name: str) -> "Any":
        if name[:2] != "__" or name in _USED_NAMES:
            if wait_until_loaded(self):
                return getattr(self, name)
            if name == "__path__":
                return self.__spec__.submodule_search_locations  # type: ignore[union-attr]  # every module has a spec
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} (yet)")


def load(module: ModuleType) -> None:
    """Load a lazy module on this thread, or wait for the thread that loads it."""
    with _transition:
        first = isinstance(module, LazyModule)
        if first:
            lazy_class = type(module)
            module.__dict__[LOADING] = os.getpid(), get_ident()
            module.__class__ = LoadingModule
    if not first:
        wait_until_loaded(module)
        return
    locks = _release_import_locks(module)
    try:
        module.__spec__.loader.load(module)  # type: ignore[union-attr]  # a lazy module's loader is a LazyLoader
    except BaseException:
        module.__class__ = lazy_class  # the next use tries again
        raise
    finally:
        del module.__dict__[LOADING]
        for lock in locks:
            lock.acquire()


def wait_until_loaded(module: ModuleType) -> bool:
    """Wait until another thread has loaded a module.

    Returns:
        Whether the module is loaded. It is not on the thread that loads it, and where waiting would be a deadlock.
    """
    if LOADING not in module.__dict__:
        return True
    if get_ident() in _loading_threads(module):
        return False
    from time import monotonic, sleep

    from wandb_compat.import_hook import python_internals

    bounded = bool(python_internals.missing())
    deadline = monotonic() + WAIT_WITHOUT_INTERNALS
    locks = _release_import_locks(module)
    _awaited[get_ident()] = module
    try:
        while LOADING in module.__dict__:
            if _is_deadlock(module) or (bounded and monotonic() > deadline):
                return False  # go on with what is there, as in a circular import
            sleep(POLL)
    finally:
        _awaited.pop(get_ident(), None)  # a signal handler may have waited meanwhile
        for lock in locks:
            lock.acquire()
    return True


def _release_import_locks(package: ModuleType) -> "list[Any]":
    """Release and return this thread's locks of the package's modules that it is about to import.

    Python locks `wandb.sdk` before it asks `wandb` where to search, and only then do we learn that it is used. The
    thread that loads `wandb` needs that lock, and nothing has been done yet that it protects.
    """
    from wandb_compat.import_hook import python_internals

    released = []
    while held := python_internals.module_locks_held(package.__name__):
        for lock in held:
            lock.release()
        released += held
    return released


def _is_deadlock(module: ModuleType) -> bool:
    """Return whether a module's loading waits for this thread, directly or not, or was cut off by a fork."""
    if module.__dict__.get(LOADING, (os.getpid(),))[0] != os.getpid():
        return True
    ahead, seen = _loading_threads(module), set()
    while ahead:
        thread = ahead.pop()
        if thread == get_ident():
            return True
        if thread not in seen:
            seen.add(thread)
            ahead += _blocking_threads(thread)
    return False


def _loading_threads(module: "ModuleType | None") -> "list[int]":
    """Return the thread that loads a module, if one does."""
    return list(vars(module).get(LOADING, ())[1:]) if module is not None else []


def _blocking_threads(thread: int) -> "list[int]":
    """Return the threads for which a thread waits in an import."""
    from wandb_compat.import_hook import python_internals

    return python_internals.import_lock_owners(thread) + _loading_threads(_awaited.get(thread))


def set_loader(module: ModuleType, loader: "Any") -> None:
    """Make `loader` the loader of a module, in its spec and where Python still has `__loader__`."""
    module.__spec__.loader = loader  # type: ignore[union-attr]  # every module that was imported has a spec
    if "__loader__" in module.__dict__:
        module.__loader__ = loader


class LazyLoader(Loader):
    """A loader that leaves the module lazy; every other question is passed to the loader it wraps."""

    module_class = LazyModule  # the class of the module until its first use

    def __init__(self, loader: "Any") -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> "Any":
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> "ModuleType | None":
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.pop("__path__", None)  # reading it means that a submodule is about to be imported
        module.__class__ = self.module_class

    def load(self, module: ModuleType) -> None:
        """Execute the module's code, and make it an ordinary module."""
        spec = module.__spec__
        assert spec is not None
        set_loader(module, self.loader)
        try:
            self.loader.exec_module(module)
        except BaseException:
            set_loader(module, self)
            raise
        if spec.submodule_search_locations is not None:
            module.__path__ = spec.submodule_search_locations
        module.__class__ = ModuleType


class _LoadedLoader(LazyLoader):
    """Loader of a submodule that was imported by its package while Python searched for it."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = getattr(module, "__spec__", None)
        super().__init__(getattr(self._spec, "loader", None))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


def spec_of_loaded(module: ModuleType) -> ModuleSpec:
    """Return a spec with which Python's import gives a module that is loaded already."""
    spec = ModuleSpec(module.__name__, _LoadedLoader(module))
    true_spec: ModuleSpec | None = getattr(module, "__spec__", None)
    if true_spec is not None:
        spec.origin, spec.has_location = true_spec.origin, true_spec.has_location
        spec.submodule_search_locations = true_spec.submodule_search_locations
    return spec

"""Run at interpreter start: one finder in front for `wandb`, and pluto-ml's own start-up hook stood down.

Every interpreter of the environment runs this module, so it imports nothing that Python has not loaded already, and
the rest of the engine only when somebody imports `wandb`.
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

LOADING = "__wandb_compat_loading__"  # in a module's dictionary: the thread that loads it
# Names with two underscores are asked of every module by Python itself and by tools; only these mean that it is used.
_USES = ("__path__", "__version__", "__all__")
_transition = allocate_lock()


def enter() -> None:
    """Do what the start-up file asks for; whatever goes wrong costs one line on stderr, never the interpreter."""
    try:
        if not switched_off():
            install()
    except Exception as error:
        complain(f"not active: {error!r}")


def install() -> None:
    """Put the finder in front of the others, once, and take pluto-ml's hook out if it has been faster."""
    import _imp

    _imp.acquire_lock()
    try:
        if not any(isinstance(finder, Finder) for finder in sys.meta_path):
            sys.meta_path.insert(0, Finder())
        hook = sys.modules.get("pluto._wandb_hook")
        if hook is not None and not isinstance(hook, Dormant):
            hook.uninstall()
            sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != hook.__name__]
    finally:
        _imp.release_lock()


def switched_off() -> bool:
    """Whether `WANDB_COMPAT` says that the product is to stay out of the way."""
    return os.environ.get("WANDB_COMPAT", "").strip().lower() in ("off", "0", "false", "no")


def dropin_root() -> str:
    """Return the folder that holds our `wandb`: on `PYTHONPATH` it does what the start-up file does."""
    from importlib.machinery import PathFinder

    package = os.path.dirname(os.path.abspath(__file__))
    shipped = os.path.join(package, "dropin")
    if PathFinder.find_spec("wandb._entrance", [os.path.join(shipped, "wandb")]):
        return shipped
    return os.path.dirname(package)  # a checkout, where `wandb/` stands beside `wandb_compat/`


def complain(text: str) -> None:
    """Say one line on stderr."""
    if sys.stderr is not None:
        sys.stderr.write(f"wandb-compat: {text}\n")


def find_behind(name: str, path: "list[str] | None" = None) -> "ModuleSpec | None":
    """Return what the finders behind ours say of a module with code of its own; None if there is none."""
    for finder in sys.meta_path:
        if hasattr(finder, "find_spec") and not isinstance(finder, Finder):
            spec: ModuleSpec | None = finder.find_spec(name, path)
            if spec is not None:
                return spec if spec.loader is not None else None
    return None


class Finder:
    """Finds `wandb`, and lets `pluto` sleep until it is used; every other name it leaves to the others."""

    def find_spec(self, name: str, path: "Any" = None, target: "ModuleType | None" = None) -> "ModuleSpec | None":
        if name[:5] not in ("wandb", "pluto"):
            return None
        if isinstance(target, Dormant) and name != "wandb":
            wake(target)  # a reload before the first use
        if name[5:6] == ".":
            package = sys.modules.get(name[:5])
            if isinstance(package, ModuleType):
                wait(package)  # its modules are imported by the thread that loads it, until that is done
            return _loaded(sys.modules[name]) if target is None and name in sys.modules else None
        try:
            if name == "wandb":
                from wandb_compat import facade

                return facade.find(target)
            if name == "pluto" and target is None:
                return _find_pluto()
        except Exception as error:
            complain(f"{name} is left alone: {error!r}")
        return None

    def find_distributions(self, context: "Any") -> "Any":
        """Answer `importlib.metadata` for the name `wandb` when no real one is there; never in a listing."""
        # A path of its own means that a folder is being listed, as pip does.
        if context.name is None or context.name.lower() != "wandb" or "path" in vars(context) or switched_off():
            return ()
        from wandb_compat import metadata

        return metadata.find()


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
            module.__dict__[LOADING] = get_ident()
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
    if module.__dict__.get(LOADING) == get_ident():
        return False
    from time import sleep

    locks = _let_go(module)
    try:
        while LOADING in module.__dict__:
            if _waits_for(get_ident(), module.__dict__.get(LOADING)):
                return False  # both would wait for ever: go on with what is there, as in a circular import
            sleep(0.005)
    finally:
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


def _waits_for(goal: int, thread: "int | None") -> bool:
    """Whether a thread is the goal, or waits for an import of the goal's, be it through the imports of others."""
    frames = sys._current_frames()
    for _ in range(len(frames)):
        if thread == goal:
            return True
        frame = frames.get(thread) if thread else None
        if frame is None or frame.f_code.co_name != "acquire" or "importlib._bootstrap" not in frame.f_code.co_filename:
            return frame is None  # it ended, or did not survive a fork
        thread = getattr(frame.f_locals.get("self"), "owner", None)  # of the module's lock
    return False


class Deferred(Loader):
    """A loader that leaves the module dormant; everything else is as the loader behind it says."""

    dormant = Dormant

    def __init__(self, loader: "Any") -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> "Any":
        return getattr(self.loader, name)

    def create_module(self, spec: "ModuleSpec") -> "ModuleType | None":
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.pop("__path__", None)  # whoever asks for it is about to import a submodule
        module.__class__ = self.dormant

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


class _Pluto(Deferred):
    """Brings with `pluto` a `pluto._wandb_hook` whose `install` does nothing."""

    def __init__(self, loader: "Any", hook: "ModuleSpec") -> None:
        super().__init__(loader)
        self._hook = hook

    def exec_module(self, module: ModuleType) -> None:
        from _frozen_importlib import module_from_spec

        super().exec_module(module)
        self._hook.loader = Deferred(self._hook.loader)
        hook = module_from_spec(self._hook)
        hook.__dict__["install"] = hook.__dict__["uninstall"] = lambda: None
        hook.__class__ = Dormant
        sys.modules[hook.__name__] = module.__dict__["_wandb_hook"] = hook


def _find_pluto() -> "ModuleSpec | None":
    """Return pluto-ml's package, to be loaded at its first use.

    Its start-up file imports all of it, 0.2 seconds and 40 MB in every interpreter, to patch `wandb` as we do.
    """
    spec = find_behind("pluto")
    if spec is None or not spec.submodule_search_locations:
        return None
    hook = find_behind("pluto._wandb_hook", spec.submodule_search_locations)
    if hook is None:
        return None  # somebody else's pluto
    spec.loader = _Pluto(spec.loader, hook)
    return spec


class _Loaded(Deferred):
    """Loader of a submodule that was imported when its package woke, between the question and the answer."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module.__loader__)
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: "ModuleSpec") -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


def _loaded(module: ModuleType) -> "ModuleSpec":
    from _frozen_importlib import ModuleSpec

    true = module.__spec__
    assert true is not None
    spec = ModuleSpec(module.__name__, _Loaded(module), origin=true.origin)
    spec.has_location = true.has_location
    spec.submodule_search_locations = true.submodule_search_locations
    return spec

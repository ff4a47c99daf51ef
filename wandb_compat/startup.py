"""Run at interpreter start: one finder in front for `wandb`, and pluto-ml's own start-up hook stood down.

Every interpreter of the environment runs this module, so it imports nothing that Python has not loaded already, and
the rest of the engine only when somebody imports `wandb`.
"""

import os
import sys

from wandb_compat.import_hook.lazy_module import Deferred, Dormant, loaded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any
else:
    ModuleType = type(sys)


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
    if value := os.environ.get("WANDB_COMPAT"):
        from wandb_compat.config.truthy import is_false

        return is_false(value)
    return False


def dropin_root() -> str:
    """Return the folder that holds our `wandb`: on `PYTHONPATH` it does what the start-up file does."""
    from importlib.machinery import PathFinder

    package = os.path.dirname(os.path.abspath(__file__))
    shipped = os.path.join(package, "dropin")
    if PathFinder.find_spec("wandb._bootstrap", [os.path.join(shipped, "wandb")]):
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
        if name[5:6] == ".":
            # Nothing here may wait for the thread that loads the package: Python's global import lock is held.
            if isinstance(target, Dormant):
                return target.__spec__  # a reload before the first use: it sleeps on
            return loaded(sys.modules[name]) if target is None and name in sys.modules else None
        try:
            if name == "wandb":
                from wandb_compat.import_hook import facade

                return facade.find(target)
            if name == "pluto" and (target is None or isinstance(target, Dormant)):
                return _find_pluto()
        except Exception as error:
            complain(f"{name} is left alone: {error!r}")
        return None

    def find_distributions(self, context: "Any") -> "Any":
        """Answer `importlib.metadata` for the name `wandb` when no real one is there; never in a listing."""
        # A path of its own means that a folder is being listed, as pip does.
        if context.name is None or context.name.lower() != "wandb" or "path" in vars(context) or switched_off():
            return ()
        from wandb_compat.import_hook import distribution

        return distribution.find()


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

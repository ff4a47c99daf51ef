"""Runs at interpreter start: installs the finder for `wandb` and disables pluto-ml's own start-up hook.

Every interpreter of the environment runs this module. It imports nothing that Python has not loaded already; the rest
is imported at the first `import wandb`.
"""

import sys
from _thread import allocate_lock

from wandb_compat.import_hook.lazy_module import LazyLoader, LazyModule, spec_of_loaded
from wandb_compat.import_hook.switch import complain, switched_off

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any
else:
    ModuleType = type(sys)

_installing = allocate_lock()


def enter() -> None:
    """Install the finder; the start-up files call this.

    When switched off, the finder only disables pluto-ml's hook: off means as if neither were installed. An error costs
    one line on stderr and never stops the interpreter.
    """
    try:
        install(finds_wandb=not switched_off())
    except Exception as error:
        complain(f"not active: {error!r}")


def install(*, finds_wandb: bool = True) -> None:
    """Put the finder before all others, once, and remove pluto-ml's hook if that was installed earlier.

    Args:
        finds_wandb: whether the finder answers for `wandb`. An earlier yes remains.
    """
    with _installing:
        finder = next((finder for finder in sys.meta_path if isinstance(finder, Finder)), None)
        if finder is None:
            finder = Finder()
            sys.meta_path.insert(0, finder)
        finder.finds_wandb |= finds_wandb
        hook = sys.modules.get("pluto._wandb_hook")
        if hook is not None and not isinstance(hook, LazyModule):
            hook.uninstall()
            sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != hook.__name__]


def find_with_others(name: str, path: "list[str] | None" = None) -> "ModuleSpec | None":
    """Return the spec of a module as the other finders see it, or None when it is missing or has no code."""
    for finder in sys.meta_path:
        if hasattr(finder, "find_spec") and not isinstance(finder, Finder):
            spec: ModuleSpec | None = finder.find_spec(name, path)
            if spec is not None:
                return spec if spec.loader is not None else None
    return None


class Finder:
    """Finds `wandb`, and makes `pluto` a lazy module; leaves every other name to the other finders."""

    finds_wandb = False  # while `WANDB_COMPAT` is off, `wandb` is left to the other finders too

    def find_spec(self, name: str, path: "Any" = None, target: "ModuleType | None" = None) -> "ModuleSpec | None":
        if name[:5] not in ("wandb", "pluto") or (name[:5] == "wandb" and not self.finds_wandb):
            return None
        if name[5:6] == ".":
            # Nothing here may wait for the thread that loads the package: Python's global import lock is held.
            if isinstance(target, LazyModule):
                return target.__spec__  # a reload before the first use: it stays lazy
            return spec_of_loaded(sys.modules[name]) if target is None and name in sys.modules else None
        try:
            if name == "wandb":
                from wandb_compat.import_hook import facade

                return facade.find_spec(target)
            if name == "pluto" and (target is None or isinstance(target, LazyModule)):
                return _find_pluto()
        except Exception as error:
            complain(f"{name} is left alone: {error!r}")
        return None

    def find_distributions(self, context: "Any") -> "Any":
        """Answer `importlib.metadata` for the name `wandb` when no real one is installed; never in a listing."""
        # An explicit path means that a directory is being listed, as pip does.
        listing = context.name is None or context.name.lower() != "wandb" or "path" in vars(context)
        if listing or not self.finds_wandb or switched_off():
            return ()
        from wandb_compat.import_hook import distribution

        return distribution.find_distributions()


class _PlutoLoader(LazyLoader):
    """Adds to the lazy `pluto` a lazy `pluto._wandb_hook` whose `install` does nothing."""

    def __init__(self, loader: "Any", hook: "ModuleSpec") -> None:
        super().__init__(loader)
        self._hook = hook

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        spec = self._hook
        spec.loader = LazyLoader(spec.loader)
        hook = ModuleType(spec.name)
        values = hook.__dict__
        values.update(__spec__=spec, __loader__=spec.loader, __package__=spec.parent, __file__=spec.origin)
        values["__cached__"] = spec.cached
        values["install"] = values["uninstall"] = lambda: None
        hook.__class__ = LazyModule
        sys.modules[spec.name] = module.__dict__["_wandb_hook"] = hook


def _find_pluto() -> "ModuleSpec | None":
    """Return the spec with which pluto-ml's package is loaded at its first use.

    Its start-up file imports all of it, 0.2 seconds and 40 MB in every interpreter, to patch `wandb` as we do.
    """
    spec = find_with_others("pluto")
    if spec is None or not spec.submodule_search_locations:
        return None
    hook = find_with_others("pluto._wandb_hook", spec.submodule_search_locations)
    if hook is None:
        return None  # an unrelated package of that name
    spec.loader = _PlutoLoader(spec.loader, hook)
    return spec

"""The module `wandb`: undecided until its first use, then our native package or a live view of the real one."""

import atexit
import sys
from contextlib import suppress
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from wandb_compat.config import credentials, interrupts
from wandb_compat.dual import install
from wandb_compat.import_hook import lazy_module, messages, mode, real_wandb, switch

_REAL = "__wandb_real__"  # in the facade's dictionary: the real top level
# Names of the module object that Python knows as `wandb`; every other name is the real one's.
_OWN_NAMES = frozenset(
    ("__class__", "__cached__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__path__", "__spec__")
)


def find_spec(target: ModuleType | None = None) -> ModuleSpec | None:
    """Return the spec of `wandb`: a regular package in every mode, decided at the first use of a name.

    Args:
        target: the module to be reloaded, if any.

    Returns:
        The spec, or None when `WANDB_COMPAT` says off.

    Raises:
        ModuleNotFoundError: the mode asks for the real wandb and none is installed.
    """
    choice = mode.current() if target is not None and not mode.is_foreign(target) else mode.decide()
    if choice.name == "off":
        return None
    spec = find_package(choice)
    spec.loader = _WandbLoader(spec.loader)
    return spec


def find_package(choice: mode.Mode) -> ModuleSpec:
    """Return the spec of the package that a mode uses, native or real.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    if choice.name == "pluto":
        spec = PathFinder.find_spec("wandb", [switch.dropin_root()])
    else:
        spec = real_wandb.find_spec()
    if spec is None:
        raise ModuleNotFoundError(f"No module named 'wandb' ({choice}; install wandb)", name="wandb")
    return spec


class UndecidedModule(lazy_module.LazyModule):
    """`wandb` before its first use."""

    def __repr__(self) -> str:
        return _repr(self)


class NativeModule(lazy_module.ImportableModule):
    """`wandb` in pluto mode: an ordinary module whose repr names the mode."""

    def __repr__(self) -> str:
        return _repr(self)


class Facade(lazy_module.ImportableModule):
    """`wandb` in front of the real one: attributes are read, set and deleted there, live."""

    def __getattr__(self, name: str) -> Any:
        if (
            lazy_module.LOADING in self.__dict__
            and not lazy_module.wait_until_loaded(self)
            and name == "__path__"
            and self.__spec__ is not None
        ):
            return self.__spec__.submodule_search_locations
        real_module = self.__dict__[_REAL]
        try:
            return getattr(real_module, name)
        except AttributeError as error:
            if error.obj is not real_module:
                raise
        raise AttributeError(f"module 'wandb' has no attribute {name!r}", name=name, obj=self)

    def __setattr__(self, name: str, value: object) -> None:
        if name in _OWN_NAMES:
            super().__setattr__(name, value)
            return
        setattr(self.__dict__[_REAL], name, value)
        if name == "run":
            with suppress(Exception):  # a hint must not break a run
                _advise(value)

    def __delattr__(self, name: str) -> None:
        if name in _OWN_NAMES:
            super().__delattr__(name)
        else:
            delattr(self.__dict__[_REAL], name)

    def __dir__(self) -> list[str]:
        lazy_module.wait_until_loaded(self)
        return sorted({*vars(self), *dir(self.__dict__[_REAL])})

    def __repr__(self) -> str:
        return _repr(self)


class _WandbLoader(lazy_module.LazyLoader):
    """Loads `wandb` at its first use, in the mode that is active then."""

    module_class = UndecidedModule

    def exec_module(self, module: ModuleType) -> None:
        if vars(module).setdefault(mode.CHOICE, None) is None:
            super().exec_module(module)
            if "IPython" in sys.modules:
                _register_lazy_magic(sys.modules["IPython"].get_ipython())
        else:  # a reload
            self.load(module)

    def load(self, module: ModuleType) -> None:
        choice = vars(module)[mode.CHOICE] or mode.decide()
        package = find_package(choice)
        spec = module.__spec__
        assert spec is not None and package.loader is not None and package.origin is not None
        # As if the package had been found at once, so that every reader of the module finds one place.
        lazy_module.set_loader(module, package.loader)
        spec.origin, spec.cached = package.origin, package.cached
        spec.submodule_search_locations = package.submodule_search_locations
        module.__file__ = package.origin
        module.__dict__["__cached__"] = package.cached
        try:
            if choice.name == "pluto":
                with interrupts.postponed():  # a package that is loaded in part would fail at its next use
                    package.loader.exec_module(module)
                module.__class__ = NativeModule
            else:
                self._load_real(module, package)
        except BaseException:
            lazy_module.set_loader(module, self)
            raise
        vars(module)[mode.CHOICE] = choice
        module.__dict__["__path__"] = package.submodule_search_locations
        _warn_of_name_clashes(package.origin)

    def _load_real(self, module: ModuleType, package: ModuleSpec) -> None:
        alias: ModuleType = vars(module).get(_REAL) or real_wandb.create_alias(package)
        vars(module)[_REAL] = alias
        module.__class__ = Facade  # the real code imports `wandb` while it is being loaded
        assert alias.__spec__ is not None and alias.__spec__.loader is not None
        # Registered before wandb's own handler, so that it is called after wandb has ended its runs.
        atexit.unregister(_finish_mirrors)
        atexit.register(_finish_mirrors)
        alias.__spec__.loader.exec_module(alias)
        install.patch_run_functions(alias, is_dual=_is_dual, warn=messages.show_once)
        vars(module)["__doc__"] = alias.__doc__


def _is_dual() -> bool:
    return mode.current().name == "dual"


def _finish_mirrors() -> None:
    install.finish_mirrors(messages.show_once)


def _register_lazy_magic(shell: Any) -> None:
    """Make `%%wandb` count as the first use of `wandb`: the package that is then loaded registers its own magic.

    Args:
        shell: IPython's shell, or None outside of one.
    """

    def load_and_call(line: str, cell: str | None = None) -> None:
        assert import_module("wandb").__version__  # loads the package of the active mode
        magic = shell.find_cell_magic("wandb")
        if magic is load_and_call:  # a release of wandb without it
            raise NameError("this wandb has no magic %wandb")
        magic(line, cell)

    if shell is not None:
        shell.register_magic_function(load_and_call, "line_cell", "wandb")


def _repr(module: ModuleType) -> str:
    return f"<module {module.__name__!r} ({mode.current()})>"


def _advise(run: Any) -> None:
    """Say at the start of a real wandb run why it is not sent to Pluto, or why it still goes to wandb."""
    if not type(run).__module__.startswith("wandb.") or run.disabled or run.settings.silent:
        return
    if mode.wandb_logging_disabled():
        messages.show_once(
            "WARNING DISABLE_WANDB_LOGGING was set after the first use of wandb, so this process still logs to wandb:"
            " set it earlier"
        )
    elif mode.current().name == "wandb":
        messages.show_once(f"This run is not sent to Pluto: {credentials.HINT}")


def _warn_of_name_clashes(used: str) -> None:
    for path in real_wandb.shadowing():
        if path != used:
            messages.show_once(f"WARNING {path} is not imported: `wandb` is {used}; rename the file if you need it")

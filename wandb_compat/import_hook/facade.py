"""The module `wandb`: undecided until its first use, then our native package or a live view of the real one."""

import atexit
import functools
import importlib.util
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder
from types import FunctionType, ModuleType
from typing import Any

from wandb_compat import startup
from wandb_compat.config import credentials
from wandb_compat.config.truthy import is_true
from wandb_compat.import_hook import lazy_module, mode, real_wandb

_REAL = "__wandb_real__"  # in the facade's dictionary: the real top level
# What belongs to the module object that Python knows as `wandb`; every other name is the real one's.
_OWN = frozenset(
    ("__class__", "__cached__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__path__", "__spec__")
)


def find(target: ModuleType | None = None) -> ModuleSpec | None:
    """Return the spec of `wandb`: a regular package in every mode, decided at the first use of a name.

    `target` is the module to be loaded again, if any. None when WANDB_COMPAT says off.
    """
    choice = mode.current() if target is not None and not mode.foreign(target) else mode.decide()
    if choice.name == "off":
        return None
    spec = _package(choice)
    spec.loader = _Loader(spec.loader)
    return spec


def hand_over(name: str) -> None:
    """Put right what a plain path search has found: our native package, which calls this at its end.

    In pluto mode it is what was wanted; otherwise the facade takes its place in `sys.modules`.
    """
    module = sys.modules[name]
    if type(module) is not ModuleType:
        return  # it came through the finder
    choice = mode.decide()
    if choice.name == "pluto":
        startup.install()
        vars(module)[mode.CHOICE] = choice
        module.__class__ = Native
        return
    for part in [part for part in sys.modules if part.startswith("wandb.")]:
        del sys.modules[part]
    if choice.name == "off":
        spec = _package(choice)
    else:
        startup.install()
        spec = find() or _package(choice)
    assert spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


def _package(choice: mode.Mode) -> ModuleSpec:
    """Return the package that serves a mode."""
    if choice.name == "pluto":
        spec = PathFinder.find_spec("wandb", [startup.dropin_root()])
    else:
        spec = real_wandb.find()
    if spec is None:
        raise ModuleNotFoundError(f"No module named 'wandb' ({choice}; install wandb)", name="wandb")
    return spec


class Undecided(lazy_module.Dormant):
    """`wandb` before its first use."""

    def __repr__(self) -> str:
        return _text(self)


class Native(ModuleType):
    """`wandb` in pluto mode: an ordinary module that can say so."""

    def __repr__(self) -> str:
        return _text(self)


class Facade(ModuleType):
    """`wandb` where the real one answers: names are looked up, set and deleted there, live."""

    def __getattr__(self, name: str) -> Any:
        if lazy_module.LOADING in self.__dict__ and not lazy_module.wait(self) and name == "__path__":
            assert self.__spec__ is not None
            return self.__spec__.submodule_search_locations
        real_module = self.__dict__[_REAL]
        try:
            return getattr(real_module, name)
        except AttributeError as error:
            if error.obj is not real_module:
                raise
        raise AttributeError(f"module 'wandb' has no attribute {name!r}", name=name, obj=self)

    def __setattr__(self, name: str, value: object) -> None:
        if name in _OWN:
            super().__setattr__(name, value)
            return
        setattr(self.__dict__[_REAL], name, value)
        if name == "run":
            with suppress(Exception):  # a hint is worth no run
                _advise(value)

    def __delattr__(self, name: str) -> None:
        if name in _OWN:
            super().__delattr__(name)
        else:
            delattr(self.__dict__[_REAL], name)

    def __dir__(self) -> list[str]:
        lazy_module.wait(self)
        return sorted({*vars(self), *dir(self.__dict__[_REAL])})

    def __repr__(self) -> str:
        return _text(self)


class _Loader(lazy_module.Deferred):
    """Brings `wandb` to life in the mode that its first use finds."""

    asleep = Undecided

    def exec_module(self, module: ModuleType) -> None:
        if vars(module).setdefault(mode.CHOICE, None) is None:
            super().exec_module(module)
            if "IPython" in sys.modules:
                _lend_magic(sys.modules["IPython"].get_ipython())
        else:  # a reload
            self.load(module)

    def load(self, module: ModuleType) -> None:
        choice = vars(module)[mode.CHOICE] or mode.decide()
        package = _package(choice)
        spec = module.__spec__
        assert spec is not None and package.loader is not None and package.origin is not None
        # As if the package had been found at once, so that whoever looks finds one place.
        spec.loader, spec.origin, spec.cached = package.loader, package.origin, package.cached
        spec.submodule_search_locations = package.submodule_search_locations
        module.__loader__, module.__file__ = package.loader, package.origin
        module.__dict__["__cached__"] = package.cached
        try:
            if choice.name == "pluto":
                package.loader.exec_module(module)
                module.__class__ = Native
            else:
                self._load_real(module, package)
        except BaseException:
            spec.loader = module.__loader__ = self
            raise
        vars(module)[mode.CHOICE] = choice
        module.__dict__["__path__"] = package.submodule_search_locations
        _name_clash(package.origin)

    def _load_real(self, module: ModuleType, package: ModuleSpec) -> None:
        alias: ModuleType = vars(module).get(_REAL) or real_wandb.load(package)
        vars(module)[_REAL] = alias
        module.__class__ = Facade  # the real code imports `wandb` while it is being loaded
        assert alias.__spec__ is not None and alias.__spec__.loader is not None
        # Before wandb registers the like, so that it is called after wandb has ended its runs.
        atexit.unregister(_end_mirrors)
        atexit.register(_end_mirrors)
        alias.__spec__.loader.exec_module(alias)
        _tap(alias)
        vars(module)["__doc__"] = alias.__doc__


def _lend_magic(shell: Any) -> None:
    """Let `%%wandb` be the first use of `wandb`: the mode that it finds brings its own magic."""

    def lent(line: str, cell: str | None = None) -> None:
        import wandb

        assert wandb.__version__
        found = shell.find_cell_magic("wandb")
        if found is lent:  # a release of wandb without it
            raise NameError("this wandb has no magic %wandb")
        found(line, cell)

    if shell is not None:
        shell.register_magic_function(lent, "line_cell", "wandb")


def _tap(alias: ModuleType) -> None:
    """Let every run that the real `init` returns, or `attach`, be mirrored, if the mode is dual at that moment."""
    for name, begin in (("init", "begin"), ("_attach", "attached")):
        made = vars(alias).get(name)
        # Not one of ours, after a reload.
        if isinstance(made, FunctionType) and made.__globals__ is not globals():
            _replace(alias, name, made, _mirroring(made, begin))


def _mirroring(function: FunctionType, begin: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def mirroring(*args: Any, **kwargs: Any) -> Any:
        try:
            run = function(*args, **kwargs)
        except BaseException as error:
            real_wandb.unseen(error)
            raise
        _mirror(run, begin)
        return run

    return mirroring


def _replace(alias: ModuleType, name: str, old: FunctionType, new: Callable[..., Any]) -> None:
    """Replace a function wherever it is looked up by its name: pickle finds there what it was given."""
    for place in (alias.__name__, "wandb.sdk", old.__module__):
        module = sys.modules.get(place)
        for known in (name, name.lstrip("_")):
            if module is not None and vars(module).get(known) is old:
                vars(module)[known] = new


def _mirror(run: Any, begin: str) -> None:
    try:
        if mode.current().name == "dual":
            from wandb_compat import dual

            getattr(dual, begin)(run)
    except Exception as error:
        _say(f"WARNING This run is not sent to Pluto: {type(error).__name__}: {error}")


def _end_mirrors() -> None:
    try:
        if (mirror := sys.modules.get("wandb_compat.dual")) is not None:
            mirror.finish_all()
    except Exception as error:
        _say(f"WARNING The end of the run is not sent to Pluto: {type(error).__name__}: {error}")


def _text(module: ModuleType) -> str:
    return f"<module {module.__name__!r} ({mode.current()})>"


_said: set[str] = set()


def _say(text: str) -> None:
    """Say a line on stderr as wandb does, once, unless wandb is to be silent."""
    if text in _said or is_true(os.environ.get("WANDB_SILENT")):
        return
    _said.add(text)
    if sys.stderr is not None:
        print(f"wandb: {text}", file=sys.stderr)


def _advise(run: Any) -> None:
    """Say at the start of a run of the real wandb what keeps it from Pluto, or from what its user has asked for."""
    if not type(run).__module__.startswith("wandb.") or run.disabled or run.settings.silent:
        return
    if mode.sunset():
        _say(
            "WARNING DISABLE_WANDB_LOGGING was set after the first use of wandb, so this process still logs to wandb:"
            " set it before"
        )
    elif mode.current().name == "wandb":
        _say(f"This run is not sent to Pluto: {credentials.HINT}")


def _name_clash(origin: str) -> None:
    for path in real_wandb.shadowed():
        if path != origin:
            _say(f"WARNING {path} is not imported: `wandb` is {origin}; rename the file if you need it")

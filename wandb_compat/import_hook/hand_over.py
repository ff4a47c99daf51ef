"""Corrects the result of a plain path search: our native package was found where another `wandb` may be wanted."""

import importlib.util
import sys
from types import ModuleType

from wandb_compat import startup
from wandb_compat.import_hook import facade, mode


def hand_over(name: str) -> None:
    """Replace a native package that was imported without the finder, unless pluto mode is active.

    The native package calls this as its last statement. In the other modes `sys.modules[name]` becomes the facade,
    or the real wandb when `WANDB_COMPAT` says off.

    Args:
        name: `wandb`, the native package's name in `sys.modules`.

    Raises:
        ModuleNotFoundError: the mode asks for the real wandb and none is installed.
    """
    module = sys.modules[name]
    if type(module) is not ModuleType:
        return  # it was imported through the finder
    choice = mode.decide()
    if choice.name == "pluto":
        startup.install()
        vars(module)[mode.CHOICE] = choice
        module.__class__ = facade.NativeModule
        return
    for submodule in [submodule for submodule in sys.modules if submodule.startswith("wandb.")]:
        del sys.modules[submodule]
    if choice.name == "off":
        spec = facade.find_package(choice)
    else:
        startup.install()
        spec = facade.find_spec() or facade.find_package(choice)
    assert spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])

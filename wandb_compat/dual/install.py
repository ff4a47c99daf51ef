"""Patches the functions of the real wandb that return a run, so that dual mode logs the run to Pluto too.

The rest of dual mode, and with it numpy and the pipeline, is imported only when a run begins in dual mode.
"""

import functools
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from wandb_compat.dual.real_module import hide_frame

_RUN_FUNCTIONS = (("init", "begin"), ("_attach", "attached"))  # of wandb, and what dual mode calls with their result
MISSING_KEY = (
    "dual mode is active because the real wandb is installed, and it has no wandb key. Set"
    " DISABLE_WANDB_LOGGING=true to log to Pluto only, or run `wandb login` to log to wandb too"
)
_LIFECYCLE = "wandb_compat.dual.lifecycle"


def patch_run_functions(alias: ModuleType, *, is_dual: Callable[[], bool], warn: Callable[[str], None]) -> None:
    """Let every run that the real `init` or `attach` returns be logged to Pluto, if dual mode is active then.

    Args:
        alias: the real top level, loaded.
        is_dual: returns whether dual mode is active now.
        warn: shows a message to the user.
    """
    for name, begin in _RUN_FUNCTIONS:
        function = vars(alias).get(name)
        # After a reload it is patched already.
        if isinstance(function, FunctionType) and function.__globals__ is not globals():
            _replace(alias, name, function, _mirroring(function, begin, is_dual, warn))


def finish_mirrors(warn: Callable[[str], None]) -> None:
    """Finish the Pluto side of all runs that are still open; called when the process ends."""
    try:
        if (lifecycle := sys.modules.get(_LIFECYCLE)) is not None:
            lifecycle.finish_all()
    except Exception as error:
        warn(f"WARNING The end of the run is not sent to Pluto: {type(error).__name__}: {error}")


def _mirroring(
    function: FunctionType, begin: str, is_dual: Callable[[], bool], warn: Callable[[str], None]
) -> Callable[..., Any]:
    @functools.wraps(function)
    def mirroring(*args: Any, **kwargs: Any) -> Any:
        try:
            run = function(*args, **kwargs)
        except BaseException as error:
            hide_frame(error)
            if _is_missing_key(error):
                _explain_missing_key(error, is_dual, warn)
            raise
        _mirror(run, begin, is_dual, warn)
        return run

    return mirroring


def _is_missing_key(error: BaseException) -> bool:
    text = str(error).lower()
    return type(error).__name__ == "UsageError" and ("no api key" in text or "api_key not configured" in text)


def _explain_missing_key(error: BaseException, is_dual: Callable[[], bool], warn: Callable[[str], None]) -> None:
    """Add a line after wandb's error: the real wandb may have come as a dependency of something else."""
    try:
        if is_dual():
            if sys.version_info >= (3, 11):
                error.add_note(f"wandb-compat: {MISSING_KEY}")
            else:
                warn(MISSING_KEY)
    except Exception:  # the hint must not replace wandb's own error
        pass


def _mirror(run: Any, begin: str, is_dual: Callable[[], bool], warn: Callable[[str], None]) -> None:
    try:
        if is_dual():
            from wandb_compat.dual import lifecycle

            getattr(lifecycle, begin)(run)
    except Exception as error:
        warn(f"WARNING This run is not sent to Pluto: {type(error).__name__}: {error}")


def _replace(alias: ModuleType, name: str, old: FunctionType, new: Callable[..., Any]) -> None:
    """Replace a function in every module in which it is looked up by its name: pickle must find the same object."""
    for module_name in (alias.__name__, "wandb.sdk", old.__module__):
        module = sys.modules.get(module_name)
        for known_name in (name, name.lstrip("_")):
            if module is not None and vars(module).get(known_name) is old:
                vars(module)[known_name] = new

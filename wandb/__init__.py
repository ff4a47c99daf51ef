"""A drop-in `wandb` that logs to Pluto: unchanged training scripts work as they are.

Example:
    >>> import wandb
    >>> with wandb.init(project="demo", config={"lr": 0.1}) as run:
    ...     run.log({"loss": 0.3})
"""

from __future__ import annotations

from typing import Any

try:  # inside `try` an import is executed at once, also with `python -X lazy_imports`
    from wandb import _bootstrap as _bootstrap  # first: makes wandb_compat importable
finally:
    pass
from wandb._native import lazy as _lazy
from wandb._native import missing_modules as _missing_modules
from wandb._native.run import current as _current
from wandb._native.run.module_globals import placeholders as _placeholders
from wandb.errors import Error
from wandb.errors import UsageError as UsageError
from wandb.errors.term import termerror, termlog, termsetup, termwarn
from wandb.sdk import finish, init, login, setup, teardown
from wandb.sdk import require as require
from wandb.sdk.lib import ipython as _ipython
from wandb.sdk.lib.deprecated_api import DeprecatedApi
from wandb.sdk.lib.deprecated_api import ensure_configured as ensure_configured
from wandb.sdk.wandb_init import _attach as _attach
from wandb.sdk.wandb_init import attach as attach
from wandb.sdk.wandb_run import Run, join, restore
from wandb_compat.import_hook.hand_over import hand_over as _hand_over

__version__ = "0.31.0"  # of the wandb whose API this is: integrations compare it

api = DeprecatedApi()
patched: dict[str, list[Any]] = {"tensorboard": [], "keras": [], "gym": []}  # integrations look into it

# Plain attributes, as scripts and their tests assign and delete them. `init` and `finish` do so too.
run: Run | None = None
_current.set_placeholders(_placeholders())
_current.unset_run()
_missing_modules.install()


# Without what is bound already: a name that a test has deleted is gone.
_LAZY = {name: where for name, where in _lazy.names().items() if name not in globals()}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = globals()[name] = _lazy.load(*_LAZY[name])
    except ModuleNotFoundError as error:  # a library that the name needs is not installed: `hasattr` must say no
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}: {error}") from error
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


__all__ = (
    "Api",
    "Artifact",
    "ArtifactTTL",
    "Audio",
    "Error",
    "EvalTable",
    "Graph",
    "Histogram",
    "Html",
    "Image",
    "Molecule",
    "Object3D",
    "Plotly",
    "Run",
    "Settings",
    "Table",
    "Video",
    "__version__",
    "agent",
    "box3d",
    "config",
    "controller",
    "define_metric",
    "finish",
    "init",
    "join",
    "link_model",
    "log",
    "log_artifact",
    "log_model",
    "login",
    "plot",
    "plot_table",
    "restore",
    "save",
    "setup",
    "summary",
    "sweep",
    "teardown",
    "termerror",
    "termlog",
    "termsetup",
    "termwarn",
    "unwatch",
    "use_artifact",
    "use_model",
    "watch",
)

if _ipython.in_ipython():
    from wandb.jupyter import load_ipython_extension

    load_ipython_extension(_ipython.shell())

_hand_over(__name__)  # last: after a plain path search, the real wandb may be the one to use

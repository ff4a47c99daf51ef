"""The parts of the API at the paths where wandb has them."""

from wandb.sdk.wandb_alerts import AlertLevel
from wandb.sdk.wandb_config import Config
from wandb.sdk.wandb_helper import parse_config
from wandb.sdk.wandb_init import _attach, init
from wandb.sdk.wandb_login import login
from wandb.sdk.wandb_require import require
from wandb.sdk.wandb_run import finish
from wandb.sdk.wandb_setup import setup, teardown
from wandb.sdk.wandb_summary import Summary

_LATER = {
    "Artifact": "artifacts.artifact",
    "Settings": "wandb_settings",
    "controller": "wandb_sweep",
    "sweep": "wandb_sweep",
    "helper": "wandb_helper",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_LATER[name]}")
    return module if name == "helper" else getattr(module, name)


__all__ = [
    "AlertLevel",
    "Config",
    "Settings",
    "Summary",
    "_attach",
    "finish",
    "init",
    "login",
    "parse_config",
    "require",
    "setup",
    "teardown",
]

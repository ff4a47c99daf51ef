"""Makes a dict of whatever people pass as configuration."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Collection, Mapping
from typing import Any

from wandb._native.types import Config
from wandb.errors import UsageError
from wandb.sdk.lib import config_util


def parse_config(
    params: Any, exclude: Collection[str] | None = None, include: Collection[str] | None = None
) -> dict[str, Any]:
    """Return configuration as a dict.

    Args:
        params: a mapping, an argparse.Namespace, an OmegaConf container, a dataclass instance, absl flags, any object
            with a `__dict__`, the path of a YAML file, or None.
        exclude: keys to leave out.
        include: the only keys to take.

    Raises:
        UsageError: both `exclude` and `include` are given.
        ConfigError: the YAML file cannot be used.
        TypeError: `params` is something else.
    """
    if exclude and include:
        raise UsageError("Expected at most only one of exclude or include")
    values = _to_dict(params)
    if include:
        return {key: value for key, value in values.items() if key in include}
    if exclude:
        return {key: value for key, value in values.items() if key not in exclude}
    return values


def _to_dict(params: Any) -> dict[str, Any]:
    from wandb.sdk.lib.preinit import PreInitObject

    if params is None or isinstance(params, PreInitObject):
        return {}
    if isinstance(params, str):
        return config_util.dict_from_config_file(params, must_exist=True) or {}
    if type(params).__module__.startswith("omegaconf."):
        return _from_omegaconf(params)
    if isinstance(params, (Mapping, Config)):
        return dict(params)
    if dataclasses.is_dataclass(params) and not isinstance(params, type):
        return {field.name: getattr(params, field.name) for field in dataclasses.fields(params)}
    params = (
        getattr(params, "FLAGS", params) if type(params).__module__ == "builtins" else params
    )  # the absl.flags module
    if hasattr(params, "flag_values_dict"):
        return dict(params.flag_values_dict())
    if not hasattr(params, "__dict__"):
        raise TypeError(f"config must be a dict or have a __dict__ attribute, not {type(params).__name__}.")
    return dict(vars(params))


def _from_omegaconf(params: Any) -> dict[str, Any]:
    omegaconf = sys.modules["omegaconf"]
    try:
        container = omegaconf.OmegaConf.to_container(params, resolve=True)
    except Exception:  # an interpolation that leads nowhere is kept as it was written
        container = omegaconf.OmegaConf.to_container(params, resolve=False)
    if not isinstance(container, dict):
        raise TypeError(f"config must be a mapping, not an OmegaConf {type(params).__name__}.")
    return container

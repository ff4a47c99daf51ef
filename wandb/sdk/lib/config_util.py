"""Configuration files, and the error about a changed configuration value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wandb.errors import Error
from wandb.errors.term import termwarn
from wandb_compat.wire.config_merge import merge


class ConfigError(Error):
    """A configuration value would change without `allow_val_change=True`, or a configuration file is not usable."""


def dict_from_config_file(filename: str, must_exist: bool = False) -> dict[str, Any] | None:
    """Return the values of a YAML file in wandb's form, `key: {value: …}`, or in the plain one, `key: …`.

    Args:
        filename: path of the file.
        must_exist: raise when the file does not exist, instead of returning None.

    Raises:
        ConfigError: the file is missing, cannot be read, is not YAML, or is of another version.
    """
    path = Path(filename)
    if not path.exists():
        if must_exist:
            raise ConfigError(f"config file {filename} doesn't exist")
        return None
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Couldn't read config file: {filename}: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"Invalid YAML in config yaml {filename}: {error}") from error
    if loaded is None:
        termwarn(f"The config file {filename} is empty. Proceeding without it.")
        return None
    if not isinstance(loaded, dict):
        raise ConfigError(f"The config file {filename} holds a {type(loaded).__name__}; write it as `key: value` lines")
    if loaded.pop("wandb_version", None) not in (None, 1):
        raise ConfigError(f"Unknown config version in {filename}; only wandb_version 1 is known")
    return {str(key): _unwrapped(value) for key, value in loaded.items()}


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict) and "value" in value and value.keys() <= {"value", "desc"}:
        return value["value"]
    return value


def save_config_file_from_dict(config_filename: str, config_dict: dict[str, Any]) -> None:
    """Write a YAML file that `dict_from_config_file` reads."""
    import yaml

    path = Path(config_filename)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"wandb_version": 1, **config_dict}, allow_unicode=True), encoding="utf-8")


def dict_strip_value_dict(config_dict: dict[str, Any]) -> dict[str, Any]:
    """Return `{key: value}` for `{key: {"value": value}}`."""
    return {key: value["value"] for key, value in config_dict.items()}


def merge_dicts(dest: dict[str, Any], src: dict[str, Any]) -> dict[str, Any]:
    """Merge `src` into `dest` key by key, dicts inside dicts too, and return `dest`."""
    merge(dest, src)
    return dest

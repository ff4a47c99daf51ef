"""The configuration of a run: hyperparameters and whatever else was fixed before training."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wandb.errors.term import termwarn
from wandb.sdk.lib import config_util
from wandb.sdk.wandb_helper import parse_config
from wandb_compat.convert.json_values import config_value


class Config:
    """Values by key, as items and as attributes.

    Values are kept in the form in which they are stored: tuples become lists, numpy scalars numbers, and what JSON has
    no form for its text. A value can be set again, but changed only with `update(..., allow_val_change=True)`.
    Values of a file `config-defaults.yaml` in the working directory are there from the beginning.

    Example:
        >>> run.config.update({"lr": 0.1})
        >>> run.config.lr
        0.1
    """

    def __init__(self) -> None:
        # Past our own __setattr__, which sets configuration values.
        state = vars(self)
        state["_items"] = {}
        state["_locked"] = {}
        state["_callback"] = None
        state["_allow_val_change"] = False
        if defaults := config_util.dict_from_config_file("config-defaults.yaml"):
            self.update(defaults)

    def _set_callback(self, callback: Callable[[dict[str, Any]], None] | None, allow_val_change: bool = False) -> None:
        """Call `callback` with every change as a dict; notebooks may change values freely."""
        vars(self).update(_callback=callback, _allow_val_change=allow_val_change)

    def keys(self) -> list[str]:
        """Return the keys, without the private ones."""
        return [key for key in self._items if not key.startswith("_")]

    def items(self) -> list[tuple[str, Any]]:
        """Return keys and values, without the private ones."""
        return [(key, value) for key, value in self._items.items() if not key.startswith("_")]

    def values(self) -> list[Any]:
        """Return the values, without the private ones."""
        return [value for _, value in self.items()]

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or `default` when none exists."""
        return self._items.get(key, default)

    def as_dict(self) -> dict[str, Any]:
        """Return a dict of the values, without the private ones."""
        return dict(self.items())

    def _as_dict(self) -> dict[str, Any]:
        return self._items  # type: ignore[no-any-return]

    def update(self, d: Any, allow_val_change: bool | None = None) -> None:
        """Set several values.

        Args:
            d: whatever `wandb.init(config=...)` takes.
            allow_val_change: let values change.

        Raises:
            ConfigError: a value would change; nothing is set then.
        """
        self._take(self._admitted(parse_config(d), allow_val_change))

    def setdefaults(self, d: Any) -> None:
        """Set those of several values that are not set yet."""
        self._take(self._admitted({key: value for key, value in parse_config(d).items() if key not in self._items}))

    def update_locked(
        self, d: Mapping[str, Any], user: str | None = None, _allow_val_change: bool | None = None
    ) -> None:
        """Set values that only `user` may change from now on; a sweep does so in the name of `user`."""
        self._lock(self._admitted(d, _allow_val_change, ignore_locks=True), user)

    def merge_locked(
        self, d: Mapping[str, Any], user: str | None = None, _allow_val_change: bool | None = None
    ) -> None:
        """As `update_locked`, but dicts are merged into those that are there."""
        values = {str(key): config_value(value) for key, value in d.items()}
        for key, value in values.items():
            if isinstance(value, dict) and isinstance(self._items.get(key), dict):
                values[key] = config_util.merge_dicts(dict(self._items[key]), value)
        self._lock(values, user)

    def _inherit(self, values: Mapping[str, Any]) -> None:
        """Take the top-level values of a previous run whose keys are not set; as wandb, dicts are not merged."""
        self._items.update({key: copy.deepcopy(value) for key, value in values.items() if key not in self._items})

    def persist(self) -> None:
        """Send every value again."""
        self._take(dict(self._items))

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __setitem__(self, key: str, val: Any) -> None:
        self._take(self._admitted({key: val}))

    __setattr__ = __setitem__

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or "_items" not in vars(self):  # copy and pickle look for hooks on an empty object
            raise AttributeError(key)
        try:
            return self._items[key]
        except KeyError as error:
            raise AttributeError(f"{self.__class__!r} object has no attribute {key!r}") from error

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __repr__(self) -> str:
        return str(self.as_dict())

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_callback": None}  # a copy is a copy of the values, no second hand on the run

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)

    def _admitted(
        self, values: Mapping[str, Any], allow_val_change: bool | None = None, ignore_locks: bool = False
    ) -> dict[str, Any]:
        """Return those values that may be set, in the form in which they are stored."""
        allowed = self._allow_val_change if allow_val_change is None else allow_val_change
        admitted = {}
        for given, value in values.items():
            key = str(given).strip("-")
            if key in self._locked and not ignore_locks:
                termwarn(f"Config item '{key}' was locked by '{self._locked[key]}' (ignored update).")
                continue
            stored = config_value(value)
            if not allowed and key in self._items and not _same(stored, self._items[key]):
                raise config_util.ConfigError(
                    f'Attempted to change value of key "{key}" from {self._items[key]} to {stored}\n'
                    "If you really want to do this, pass allow_val_change=True to config.update()"
                )
            admitted[key] = stored
        return admitted

    def _lock(self, values: dict[str, Any], user: str | None) -> None:
        self._locked.update(dict.fromkeys(values, user))
        self._take(values)

    def _take(self, values: dict[str, Any]) -> None:
        if values and self._callback:
            self._callback(values)
        self._items.update(values)


class ConfigStatic:
    """A copy of a configuration that cannot be changed."""

    def __init__(self, config: Any) -> None:
        vars(self).update(dict(config))

    def keys(self) -> Any:
        """Return the keys."""
        return vars(self).keys()

    def __getitem__(self, key: str) -> Any:
        return vars(self)[key]

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("Error: run.config_static is a readonly object")

    __setitem__ = __setattr__

    def __str__(self) -> str:
        return str(vars(self))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (one != one and other != other)  # NaN is not a change of NaN

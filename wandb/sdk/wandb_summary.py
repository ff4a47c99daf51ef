"""The summary of a run: one value a key, by default the last one logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from wandb_compat.convert.json_values import json_value


class SummaryDict:
    """One level of the summary: values as items and as attributes, dicts inside as another level."""

    def __init__(self, items: dict[str, Any], changed: Callable[..., None]) -> None:
        # Past our own __setattr__, which sets summary values.
        vars(self).update(_items=items, _changed=changed, _keep=_plain)

    def _as_dict(self) -> dict[str, Any]:
        return self._items  # type: ignore[no-any-return]

    def keys(self) -> list[str]:
        """Return the keys."""
        return [key for key in self._as_dict() if key != "_wandb"]

    def items(self) -> list[tuple[str, Any]]:
        """Return keys and values."""
        return [(key, self[key]) for key in self.keys()]

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, a dict as such, or `default` when none exists."""
        return self._as_dict().get(key, default)

    def update(self, d: Mapping[str, Any]) -> None:
        """Set several values; dicts are merged into those that are there."""
        _merge(self._items, {str(key): self._keep(str(key), value) for key, value in d.items()})
        self._changed()

    def __getitem__(self, key: str) -> Any:
        value = self._as_dict()[key]
        return SummarySubDict(value, partial(self._changed, key)) if isinstance(value, dict) else value

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or "_items" not in vars(self):  # copy and pickle look for hooks on an empty object
            raise AttributeError(key)
        return self[key]

    def __setitem__(self, key: str, val: Any) -> None:
        self.update({key: val})

    __setattr__ = __setitem__

    def __delitem__(self, key: str) -> None:
        del self._items[key]
        self._changed()

    __delattr__ = __delitem__

    def __contains__(self, key: object) -> bool:
        return key in self._as_dict()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self._as_dict()),)  # a copy is a copy of the values, no second hand on the run

    def __repr__(self) -> str:
        return str(self._as_dict())


class SummarySubDict(SummaryDict):
    """A dict inside the summary."""


class Summary(SummaryDict):
    """The summary of a run, with `_step`, `_runtime` and `_timestamp` of the last row.

    Example:
        >>> run.summary["best_accuracy"] = 0.97
        >>> run.summary.get("best_accuracy")
        0.97
    """

    def __init__(
        self,
        changed: Callable[..., None] = lambda *path: None,
        clock: Callable[[], dict[str, Any]] = dict,
        items: dict[str, Any] | None = None,
        keep: Callable[[str, Any], Any] | None = None,
    ) -> None:
        """Make a summary.

        Args:
            changed: called after every change made through this object, with the path of the dict that was changed.
            clock: returns `_step`, `_runtime` and `_timestamp`; asked only when someone looks.
            items: the values, shared with anyone who logs rows.
            keep: takes (key, value) and returns the value as the summary holds it.
        """
        super().__init__({} if items is None else items, changed)
        vars(self).update(_clock=clock, _keep=keep or _plain)

    def _as_dict(self) -> dict[str, Any]:
        return {**self._clock(), **self._items}


def _plain(key: str, value: Any) -> Any:
    return json_value(value)


def _merge(into: dict[str, Any], values: dict[str, Any]) -> None:
    for key, value in values.items():
        old = into.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            _merge(old, value)
        else:
            into[key] = value

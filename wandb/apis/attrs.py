"""The base of what the API reads back: values of the server by wandb's names, in snake or camel case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wandb.errors.term import termwarn


class Attrs:
    """Something on the server; `_attrs` holds its values by wandb's names in camel case."""

    def __init__(self, attrs: Mapping[str, Any]) -> None:
        self._attrs: dict[str, Any] = dict(attrs)

    def snake_to_camel(self, string: str) -> str:
        """Return a name such as `created_at` as `createdAt`."""
        camel = "".join(part.title() for part in string.split("_"))
        return camel[:1].lower() + camel[1:]

    def to_html(self, *args: Any, **kwargs: Any) -> str | None:
        """Return HTML that shows this, or None."""
        return None

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Show this in a notebook; return whether that was possible."""
        try:
            from IPython import display, get_ipython
        except ImportError:
            return False
        html = self.to_html(height, hidden)
        if get_ipython() is None or not hasattr(get_ipython(), "kernel"):
            return False
        if html is None:
            termwarn("This object does not support `.display()`")
            return False
        show: Any = display  # IPython has no types for it
        show.display(show.HTML(html))
        return True

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and "_attrs" in vars(self):  # copy and pickle look for hooks on an empty object
            for key in (self.snake_to_camel(name), name):
                if key in self._attrs:
                    return self._attrs[key]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

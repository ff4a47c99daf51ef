"""The API that wandb's own code used up to 0.23, as far as scripts reach into it."""

from __future__ import annotations

from typing import Any, NoReturn

from wandb.errors import UnsupportedError
from wandb.sdk.lib.deprecated_api import DeprecatedApi


class Api(DeprecatedApi):
    """Knows the key, the settings and who is asking.

    Example:
        >>> wandb.apis.InternalApi().settings("project")
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make an API; the arguments mean nothing to Pluto and are accepted."""

    @property
    def is_authenticated(self) -> bool:
        """Whether there is a key."""
        return self.api_key is not None

    def clear_setting(self, key: str, globally: bool = False, persist: bool = False) -> None:
        """Accept what wandb kept in a settings file."""

    def set_setting(self, key: str, value: Any, globally: bool = False, persist: bool = False) -> None:
        """Accept what wandb kept in a settings file; here the environment says it: `WANDB_PROJECT`…"""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def refuse(*args: Any, **kwargs: Any) -> NoReturn:
            raise UnsupportedError(
                f"wandb.apis.InternalApi().{name}() uses wandb's servers; use wandb.Api(), which reads from Pluto"
            )

        return refuse

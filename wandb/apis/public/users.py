"""Who is asking: the organisation that a Pluto key belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wandb.apis.attrs import Attrs
from wandb.apis.public.refused import PEOPLE, method


class User(Attrs):
    """Somebody; of whom Pluto tells a name at most."""

    def __init__(self, service_api: Any, attrs: Mapping[str, Any], api_key: str | None = None) -> None:
        super().__init__({"email": None, "admin": False, "entity": None, **attrs})
        self._api_key = api_key

    @property
    def teams(self) -> list[str]:
        """The organisation, as the only team."""
        return [self._attrs["entity"]] if self._attrs["entity"] else []

    @property
    def api_keys(self) -> list[str]:
        """Nothing: Pluto does not hand keys out."""
        return []

    user_api = create = delete_api_key = generate_api_key = method("wandb.apis.public.User", PEOPLE)

    def __repr__(self) -> str:
        return f"<User {self._attrs.get('username')}>"

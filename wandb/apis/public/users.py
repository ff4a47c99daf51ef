"""Who is asking: the organisation that a Pluto key belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from wandb._native.api.unsupported_methods import PEOPLE, refuse
from wandb.apis import public
from wandb.apis.attrs import Attrs
from wandb.errors.term import termwarn

if TYPE_CHECKING:
    from wandb.apis.public.api import Api


class User(Attrs):
    """A user, of whom Pluto knows at most a name."""

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

    @property
    def user_api(self) -> Api | None:
        """An API with the user's key, or None where that is not known."""
        return public.Api(api_key=self._api_key) if self._api_key else None

    def generate_api_key(self, description: str | None = None) -> str | None:
        """Return None, which is wandb's word for no success: keys are made on Pluto's own page.

        In Pluto: returns None and says where keys are made.
        """
        termwarn("No key was made: Pluto's keys are made on its own page.", repeat=False)
        return None

    def delete_api_key(self, api_key: str) -> bool:
        """Return False, which is wandb's word for no success: keys are revoked on Pluto's own page.

        In Pluto: returns False and says where keys are revoked.
        """
        termwarn("No key was deleted: Pluto's keys are revoked on its own page.", repeat=False)
        return False

    @classmethod
    def create(cls, api: Any, email: str, admin: bool | None = False) -> NoReturn:
        """Refused: a key cannot make people; invite them on Pluto's own page.

        Raises:
            wandb.UsageError: always.
        """
        refuse("User.create()", PEOPLE)

    def __repr__(self) -> str:
        return f"<User {self._attrs.get('username')}>"

"""The organisation that a Pluto key belongs to, as a team."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from wandb._native.api.unsupported_methods import PEOPLE, refuse
from wandb.apis.attrs import Attrs
from wandb.errors.term import termwarn


class Team(Attrs):
    """The organisation by its name."""

    def __init__(self, service_api: Any, name: str, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({"name": name, "members": [], **(attrs or {})})

    def load(self, force: bool = False) -> dict[str, Any]:
        """Return what is known: the name."""
        return self._attrs

    @classmethod
    def create(cls, api: Any, team: str, admin_username: str | None = None) -> NoReturn:
        """Refused: a key cannot make teams; the organisation is the only one.

        Raises:
            wandb.UsageError: always.
        """
        refuse("Team.create()", PEOPLE)

    def invite(self, username_or_email: str, admin: bool = False) -> bool:
        """Return False, which is wandb's word for no success: people are invited on Pluto's own page.

        In Pluto: returns False and says where people are invited.
        """
        termwarn(f"{username_or_email} was not invited: Pluto invites people on its own page.", repeat=False)
        return False

    def create_service_account(self, description: str) -> Member | None:
        """Return None, which is wandb's word for no success: a key of Pluto's serves machines as well as people.

        In Pluto: returns None and says what to use instead.
        """
        termwarn("No service account was made: give the machine its own key on Pluto's page.", repeat=False)
        return None

    def __repr__(self) -> str:
        return f"<Team {self._attrs['name']}>"


class Member(Attrs):
    """A member of a team; Pluto names none."""

    def __init__(self, service_api: Any, team: str, attrs: Mapping[str, Any]) -> None:
        super().__init__(attrs)
        self.team = team

    def delete(self) -> bool:
        """Return False, which is wandb's word for no success: members are removed on Pluto's own page.

        In Pluto: returns False and says where members are removed.
        """
        termwarn("The member was not removed: Pluto does that on its own page.", repeat=False)
        return False

    def __repr__(self) -> str:
        return f"<Member {self._attrs.get('name')}>"

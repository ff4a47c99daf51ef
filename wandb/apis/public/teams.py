"""The organisation that a Pluto key belongs to, as a team."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wandb.apis.attrs import Attrs
from wandb.apis.public.refused import PEOPLE, method


class Team(Attrs):
    """The organisation by its name."""

    def __init__(self, service_api: Any, name: str, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({"name": name, "members": [], **(attrs or {})})

    def load(self, force: bool = False) -> dict[str, Any]:
        """Return what is known: the name."""
        return self._attrs

    create = create_service_account = invite = method("wandb.apis.public.Team", PEOPLE)

    def __repr__(self) -> str:
        return f"<Team {self._attrs['name']}>"


class Member(Attrs):
    """A member of a team; Pluto names none."""

    def __init__(self, service_api: Any, team: str, attrs: Mapping[str, Any]) -> None:
        super().__init__(attrs)
        self.team = team

    delete = method("wandb.apis.public.Member.delete()", PEOPLE)

    def __repr__(self) -> str:
        return f"<Member {self._attrs.get('name')}>"

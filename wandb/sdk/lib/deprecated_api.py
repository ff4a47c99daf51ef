"""The object behind `wandb.api`, by which libraries check whether a user is logged in."""

from __future__ import annotations

import os
from typing import Any


class DeprecatedApi:
    """Knows the key and the default entity; asks the server for the user."""

    @property
    def api_key(self) -> str | None:
        """The Pluto key, else what WANDB_API_KEY holds, else None."""
        from wandb.sdk.wandb_login import find_credential

        credential = find_credential()
        key = credential.reveal() if credential is not None else None
        return key or os.environ.get("WANDB_API_KEY") or None

    @property
    def default_entity(self) -> str | None:
        """What WANDB_ENTITY holds, or None."""
        return os.environ.get("WANDB_ENTITY") or None

    def viewer(self) -> dict[str, Any]:
        """Return who is asking: the organisation that the key belongs to."""
        from wandb.apis.public import Api

        viewer = Api().viewer
        return {"username": viewer.username, "entity": viewer.entity, "email": None, "flags": "{}"}

    def settings(self, key: str | None = None, section: str | None = None) -> Any:
        """Return the settings, or the one named `key`, as wandb before 0.24."""
        from wandb.sdk.wandb_setup import singleton

        settings = singleton().settings
        known = {"entity": settings.entity, "project": settings.project, "base_url": settings.base_url}
        return known if key is None else known.get(key)


def ensure_configured() -> None:
    """Do nothing: there is nothing to configure."""

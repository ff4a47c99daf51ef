"""What artifacts raise."""

from __future__ import annotations

from typing import Any

from wandb.errors import Error


class ArtifactStatusError(AttributeError):
    """The artifact is not in a state for what was asked of it."""

    def __init__(
        self,
        msg: str = "Artifact is in an invalid state for the requested operation.",
        name: str | None = None,
        obj: Any = None,
    ) -> None:
        super().__init__(msg, name=name or "", obj=obj)


class ArtifactNotLoggedError(ArtifactStatusError):
    """Only a logged artifact can do this."""

    def __init__(self, fullname: str, obj: Any) -> None:
        super().__init__(
            f"{fullname!r} used prior to logging artifact or while in offline mode. "
            "Call Artifact.wait() before accessing logged artifact properties.",
            name=fullname.rpartition(".")[2],
            obj=obj,
        )


class ArtifactFinalizedError(ArtifactStatusError):
    """A logged artifact can no longer be changed."""

    def __init__(self, fullname: str, obj: Any) -> None:
        super().__init__(
            f"{fullname!r} used on logged artifact. Can't modify finalized artifact.",
            name=fullname.rpartition(".")[2],
            obj=obj,
        )


class WaitTimeoutError(Error):
    """`wait` has taken longer than it may."""

    def __init__(self, message: str, context: dict[str, Any] | None = None) -> None:
        super().__init__(message, context)


class TooFewItemsError(ValueError):
    """Fewer things were found than there must be."""


class TooManyItemsError(ValueError):
    """More things were found than there may be."""

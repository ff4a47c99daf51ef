"""The exception tree of the API.

Error
├── CommError
│   └── AuthenticationError
├── UsageError
│   └── UnsupportedError
├── WandbCoreNotAvailableError
└── of wandb before 0.13, kept for `except` clauses: LogError, LogMultiprocessError, MultiprocessError, RequireError,
    ExecutionError, DockerError, LaunchError, SweepError
"""

from __future__ import annotations

from typing import Any


class Error(Exception):
    """Base of everything that the API raises on its own account; `context` is free for the raiser."""

    def __init__(self, message: str, context: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.context = context or {}


class CommError(Error):
    """The server could not be reached or refused; `exc` is the reason."""

    def __init__(self, msg: str, exc: Exception | None = None) -> None:
        super().__init__(msg)
        self.exc = exc


class AuthenticationError(CommError):
    """The server does not know the key."""


class UsageError(Error):
    """A call or an argument makes no sense."""


class UnsupportedError(UsageError):
    """A feature is asked for that does not exist."""


class WandbCoreNotAvailableError(Error):
    """Kept for `except` clauses; never raised here."""


class LogError(Error):
    """Kept for `except` clauses."""


class LogMultiprocessError(LogError):
    """Kept for `except` clauses."""


class MultiprocessError(Error):
    """Kept for `except` clauses."""


class RequireError(Error):
    """Kept for `except` clauses; `wandb.require` raises UnsupportedError."""


class ExecutionError(Error):
    """Kept for `except` clauses."""


class DockerError(Error):
    """Kept for `except` clauses."""


class LaunchError(Error):
    """Kept for `except` clauses."""


class SweepError(Error):
    """Kept for `except` clauses."""

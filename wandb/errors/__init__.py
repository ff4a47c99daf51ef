"""Every exception that the API raises, and the terminal messages in `wandb.errors.term`."""

from wandb.errors.errors import (
    AuthenticationError,
    CommError,
    DockerError,
    Error,
    ExecutionError,
    LaunchError,
    LogError,
    LogMultiprocessError,
    MultiprocessError,
    RequireError,
    SweepError,
    UnsupportedError,
    UsageError,
    WandbCoreNotAvailableError,
)

__all__ = [
    "AuthenticationError",
    "CommError",
    "DockerError",
    "Error",
    "ExecutionError",
    "LaunchError",
    "LogError",
    "LogMultiprocessError",
    "MultiprocessError",
    "RequireError",
    "SweepError",
    "UnsupportedError",
    "UsageError",
    "WandbCoreNotAvailableError",
]

"""Protocols by which the modules of `wandb/` recognise each other's objects without importing their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import os


@runtime_checkable
class Run(Protocol):
    """A run that logs: `wandb.Run` and its subclasses, not the runs that the API reads."""

    def log(
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None, sync: bool | None = None
    ) -> None:
        """Log one row of values."""

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """End the run."""

    def define_metric(self, name: str) -> Any:
        """Define how a metric is plotted and summarised."""

    def _hurry(self, seconds: float) -> None: ...


@runtime_checkable
class Artifact(Protocol):
    """An artifact that files and values can be added to."""

    def add(self, obj: Any, name: str) -> Any:
        """Add a value; returns its manifest entry."""

    def add_file(self, local_path: str, name: str | None = None, is_tmp: bool | None = False) -> Any:
        """Add a file; returns its manifest entry."""

    def add_reference(self, uri: Any, name: str | None = None) -> Sequence[Any]:
        """Add a reference; returns its manifest entries."""

    def get_entry(self, name: str | os.PathLike[str]) -> Any:
        """Return the manifest entry of a path."""


@runtime_checkable
class Config(Protocol):
    """The configuration of a run."""

    def as_dict(self) -> dict[str, Any]:
        """Return the public values by key."""

    def update_locked(self, d: Mapping[str, Any], user: str | None = None) -> None:
        """Set values that no later update changes."""

    def __getitem__(self, key: str) -> Any: ...

    def keys(self) -> list[str]:
        """Return the public keys."""


@runtime_checkable
class Table(Protocol):
    """Rows and columns of values."""

    columns: list[Any]
    data: list[list[Any]]

    def add_data(self, *data: Any) -> None:
        """Add a row."""

    def get_column(self, name: str | int) -> Any:
        """Return the values of a column."""

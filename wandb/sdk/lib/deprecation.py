"""Says that a way of calling is old."""

from __future__ import annotations

from typing import Any

from wandb.errors.term import termwarn


class _Unset:
    """Represents an argument that was not given."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = _Unset()


def warn_and_record_deprecation(*, feature: Any, message: str, run: Any = None) -> None:
    """Print a warning once; `feature` and `run` are accepted."""
    termwarn(message, repeat=False)

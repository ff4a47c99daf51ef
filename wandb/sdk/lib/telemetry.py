"""What libraries tell wandb about themselves; it goes nowhere."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

_LIBRARIES = (
    "torch",
    "tensorflow",
    "keras",
    "jax",
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
    "transformers",
    "ray",
)


class TelemetryRecord:
    """Takes whatever is set on it, at any depth."""

    def __getattr__(self, name: str) -> TelemetryRecord:
        if name.startswith("__"):
            raise AttributeError(name)
        value = TelemetryRecord()
        vars(self)[name] = value
        return value


def context(run: Any = None, obj: Any = None) -> contextlib.AbstractContextManager[Any]:
    """Return a context whose record may be written to.

    Accepted: nothing is sent.
    """
    return contextlib.nullcontext(TelemetryRecord() if obj is None else obj)


def list_telemetry_imports(only_imported: bool = False) -> set[str]:
    """Return the names of the libraries looked for, or of those among them that are imported."""
    return {name for name in _LIBRARIES if not only_imported or name in sys.modules}

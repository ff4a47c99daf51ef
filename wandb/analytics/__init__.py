"""Telemetry about wandb's use; nothing is sent."""

from __future__ import annotations

from typing import Any


class TelemetryRecorder:
    """Accepts every call and does nothing.

    Accepted: nothing is sent.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


OpenTelemetryProxy = TelemetryContext = LowCardinalityAttributes = TelemetryRecorder


def get_telemetry_recorder() -> TelemetryRecorder:
    """Return a recorder.

    Accepted: nothing is sent.
    """
    return TelemetryRecorder()

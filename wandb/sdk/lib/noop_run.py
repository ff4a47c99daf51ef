"""The run of `mode="disabled"`: it takes every call, keeps a summary, and sends and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wandb._native.run.run_settings import RunSettings
from wandb.sdk.lib.disabled import SummaryDisabled
from wandb.sdk.wandb_run import Run


class Noop:
    """What calls that have a result return: every attribute and every call of it is itself."""

    def __getattr__(self, name: str) -> Noop:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Noop:
        return self


class NoopRun(Run):
    """A run that logs nowhere."""

    def __init__(self, settings: RunSettings, config: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings, config)
        self.summary = SummaryDisabled()

    def log(
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None, sync: bool | None = None
    ) -> None:
        """Keep the last values in the summary."""
        if not isinstance(data, Mapping):
            raise TypeError("wandb.log must be passed a dictionary")
        self.summary.update(data)

    def _nothing(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    def _something(self, *args: Any, **kwargs: Any) -> Any:
        """Return an object that takes every call."""
        return Noop()

    def save(self, *args: Any, **kwargs: Any) -> bool:
        """Return True without an argument, as every run, and False with one: no file is saved."""
        return not args and not kwargs


_WITHOUT_RESULT = (
    "alert",
    "finish_artifact",
    "link_artifact",
    "link_model",
    "log_code",
    "log_model",
    "mark_preempting",
    "pin_config_keys",
    "restore",
    "status",
    "unwatch",
    "upsert_artifact",
    "use_artifact",
    "use_model",
    "watch",
    "write_logs",
    "_check_active",
)
for _name in _WITHOUT_RESULT:
    setattr(NoopRun, _name, NoopRun._nothing)
for _name in ("define_metric", "log_artifact"):
    setattr(NoopRun, _name, NoopRun._something)

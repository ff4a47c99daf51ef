"""`wandb.setup` and `wandb.teardown`: settings for all runs of the process, and the end of all of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wandb._native.run import active_runs
from wandb._native.run.run_settings import RunSettings
from wandb._native.run.settings_sources import SettingsSources
from wandb_compat.config import network

if TYPE_CHECKING:
    from wandb.sdk.wandb_settings import Settings

_given = RunSettings()  # what `setup` was given explicitly


class _WandbSetup:
    """What `setup` returns."""

    @property
    def settings(self) -> Settings:
        """The settings that a run would get now: settings files, environment, and above both what `setup` was given."""
        return current_settings().model()

    @property
    def most_recent_active_run(self) -> Any:
        """The active run that began last, or None."""
        return active_runs.latest()

    def finish_all_active_runs(self) -> None:
        """Finish every active run."""
        active_runs.finish_all()


_singleton = _WandbSetup()


def current_settings() -> RunSettings:
    """Return the settings that a run would get now, in the form that runs work with."""
    settings = RunSettings()
    settings.update_from_env_vars(os.environ)
    settings.update_from_settings(_given)
    settings.update_from_system_settings()
    return settings


def setup(settings: Settings | Mapping[str, Any] | None = None) -> _WandbSetup:
    """Set settings for all runs that begin later; optional.

    Args:
        settings: a `wandb.Settings` or a dict.
    """
    if isinstance(settings, SettingsSources):
        _given.update_from_settings(settings)
    elif settings:
        _given.update_from_dict(settings)
    network.configure(_given)
    return _singleton


def singleton() -> _WandbSetup:
    """Return what `setup` returns."""
    return _singleton


def teardown(exit_code: int | None = None) -> None:
    """Finish every active run.

    Args:
        exit_code: as for `Run.finish`.
    """
    active_runs.finish_all(exit_code)

"""Where settings come from: environment, settings files, `settings=` and the arguments of `init`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb._native.run.computed_settings import ComputedSettings
from wandb._native.run.settings_fields import SettingsFields
from wandb.errors import UsageError
from wandb.errors.term import termwarn
from wandb.sdk.lib.settings_file import SettingsFiles

# Variables whose setting does not follow from their name.
_VARIABLES = {
    "WANDB_DIR": "root_dir",
    "WANDB_NAME": "run_name",
    "WANDB_NOTES": "run_notes",
    "WANDB_TAGS": "run_tags",
    "WANDB_JOB_TYPE": "run_job_type",
    "WANDB_USER_EMAIL": "email",
    "WANDB_APP_URL": "app_url_override",
    "WANDB_SERVICE_TRANSPORT": "x_service_transport",
    "WANDB_HTTP_TIMEOUT": "x_graphql_timeout_seconds",
    "WANDB_FILE_PUSHER_TIMEOUT": "x_file_transfer_timeout_seconds",
}
_LISTS = ("run_tags", "ignore_globs", "config_paths")  # separated by commas in the environment
_UNREAD = ("api_key",)  # a key stays where it is
_OF_WANDB = ("base_url", "app_url_override")  # in settings files they name wandb's own server


FIELDS: dict[str, Any] = SettingsFields.__annotations__  # by name of a setting what its values are


class SettingsSources(ComputedSettings):
    """Takes in settings from elsewhere; classes below check each value when its attribute is set."""

    if TYPE_CHECKING:

        @property
        def model_fields_set(self) -> set[str]:
            """The names of the fields that have been set."""

    def update_from_env_vars(self, environ: Mapping[str, str]) -> None:
        """Take the `WANDB_…` variables; a value of the wrong form is reported and left out.

        Raises:
            wandb.UsageError: a project or run id cannot be used.
            pydantic.ValidationError: WANDB_RESUME is not one of its choices.
        """
        for variable, text in environ.items():
            name = _setting_of(variable)
            if name not in FIELDS or name in _UNREAD or not text.strip():
                continue
            value = [part.strip() for part in text.split(",") if part.strip()] if name in _LISTS else text
            try:
                setattr(self, name, value)
            except ValueError as error:
                if name == "resume":
                    raise  # a run that does not resume overwrites the rows of the one before
                termwarn(f"{variable}={text!r} is ignored: {_message(error)}", repeat=False)

    def update_from_dict(self, settings: Mapping[str, Any]) -> None:
        """Take the settings of a dict that are not None."""
        for name, value in settings.items():
            if value is not None:
                setattr(self, field_of(name), value)

    update = update_from_dict

    def update_from_settings(self, settings: SettingsSources) -> None:
        """Take what has been set explicitly in another object."""
        self.update_from_dict({name: getattr(settings, name) for name in settings.model_fields_set})

    def update_from_system_environment(self) -> None:
        """Take the `WANDB_…` variables of this process."""
        self.update_from_env_vars(os.environ)

    def read_system_settings(self) -> SettingsFiles:
        """Return what the settings files of folder and user say; it can be changed and saved."""
        user = Path(self.settings_system) if self.settings_system else _user_settings()
        return SettingsFiles(global_settings=user, local_settings=Path(self.settings_workspace))

    def update_from_system_settings(self) -> None:
        """Take what the settings files say and nothing else has set."""
        files = self.read_system_settings()
        taken = {
            name: value
            for name, value in files.all().items()
            if name in FIELDS and name not in (*_UNREAD, *_OF_WANDB) and name not in self.model_fields_set
        }
        for name, value in taken.items():
            try:
                setattr(self, name, [part.strip() for part in value.split(",")] if name in _LISTS else value)
            except (ValueError, UsageError) as error:
                named = " and ".join(map(str, files.sources))
                termwarn(f"{name} = {value} in {named} is ignored: {error}", repeat=False)


def _user_settings() -> Path:
    folder = os.environ.get("WANDB_CONFIG_DIR") or Path.home() / ".config" / "wandb"
    return Path(folder, "settings")


def field_of(name: str) -> str:
    """Return the name of a field whose leading `x_` may be written as `_`."""
    return f"x_{name[1:]}" if name.startswith("_") else name


def _setting_of(variable: str) -> str:
    if variable in _VARIABLES:
        return _VARIABLES[variable]
    if not variable.startswith("WANDB_"):
        return ""
    return field_of(variable.removeprefix("WANDB_").lower())


def _message(error: Any) -> str:
    """Return what a validation error of pydantic's says about its first value."""
    return str(error.errors()[0]["msg"])

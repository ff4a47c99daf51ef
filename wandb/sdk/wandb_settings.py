"""`wandb.Settings`: how a run shall behave, from the environment, `settings=` and the arguments of `init`."""

from __future__ import annotations

import difflib
import json
import os
import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from wandb._native.run.computed_settings import ComputedSettings
from wandb._native.run.settings_fields import FORMER
from wandb.errors import UsageError
from wandb.errors.term import termwarn
from wandb.sdk.lib.run_moment import RunMoment
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
_JSON = (  # a text in them is JSON
    "x_extra_http_headers",
    "x_stats_gpu_device_ids",
    "x_stats_open_metrics_endpoints",
    "x_stats_open_metrics_filters",
    "x_stats_open_metrics_http_headers",
)
_UNREAD = ("api_key",)  # a key stays where it is
_OF_WANDB = ("base_url", "app_url_override")  # in settings files they name wandb's own server

TAG_LENGTH_LIMIT = 64  # characters, wandb's own limit
PROJECT_LIMIT = 128  # characters, wandb's own limit
ID_LIMIT = 128  # characters: the id is part of the names of a folder and a file


class Settings(ComputedSettings):
    """Settings of a run.

    Every field of wandb 0.31 is known, with or without `x_` written as `_`; those of earlier releases are accepted and
    have no effect.

    Raises:
        pydantic.ValidationError: no release of wandb has such a field, a value is not of its type or choices, or
            values contradict each other.
        wandb.UsageError: a project or run id cannot be used.

    Example:
        >>> wandb.init(settings=wandb.Settings(mode="offline", console="off"))
    """

    def __init__(self, **values: Any) -> None:
        named = {_field(name): value for name, value in values.items()}
        for name, value in named.items():
            self._check_name(name, value)
        super().__init__(**named)

    def __setattr__(self, name: str, value: Any) -> None:
        self._check_name(name, value)
        super().__setattr__(name, value)

    @classmethod
    def _check_name(cls, name: str, value: Any) -> None:
        if name in cls.model_fields or name in FORMER or hasattr(cls, name):
            return
        guesses = difflib.get_close_matches(name, cls.model_fields, 1)
        advice = f"did you mean {guesses[0]!r}?" if guesses else "`wandb.Settings.model_fields` lists all"
        error = PydanticCustomError(
            "unknown_setting", "wandb has no setting {name}: {advice}", {"name": repr(name), "advice": advice}
        )
        raise ValidationError.from_exception_data(cls.__name__, [{"type": error, "loc": (name,), "input": value}])

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Settings:
        asked = [name for name in ("resume", "resume_from", "fork_from") if getattr(self, name) is not None]
        if len(asked) > 1:
            raise ValueError(f"{' and '.join(f'`{name}`' for name in asked)} cannot be used together; give one of them")
        return self

    @field_validator("api_key", "http_proxy", "https_proxy", mode="before")
    @classmethod
    def _check_text(cls, value: Any, info: Any) -> Any:
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{info.field_name} must be a string, not a {type(value).__name__}")
        return value

    @field_validator("base_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if not re.match(r"https?://[^/]", value):
            raise ValueError(f"base_url must be a URL such as https://host, not {value!r}")
        return value.rstrip("/")

    @field_validator("credentials_file")
    @classmethod
    def _expand_user(cls, value: str) -> str:
        return str(Path(value).expanduser())

    @field_validator("ignore_globs")
    @classmethod
    def _read_globs(cls, value: Any) -> tuple[str, ...]:
        return tuple(value)

    @field_validator(*_JSON, mode="before")
    @classmethod
    def _read_json(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value

    @field_validator("project")
    @classmethod
    def _check_project(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if len(value) > PROJECT_LIMIT:
            raise UsageError(f"Invalid project name {value!r}: exceeded {PROJECT_LIMIT} characters")
        if found := [char for char in "/\\#?%:" if char in value]:
            raise UsageError(
                f"Invalid project name {value!r}: cannot contain characters '/,\\,#,?,%,:', found {','.join(found)!r}"
            )
        return value

    @field_validator("run_id", "sweep_id")
    @classmethod
    def _check_id(cls, value: str | None, info: Any) -> str | None:
        if value is None:
            return None
        what = "Run ID" if info.field_name == "run_id" else "Sweep ID"
        if not value:
            raise UsageError(f"{what} cannot be empty")
        if not value.strip():
            raise UsageError(f"{what} cannot contain only whitespace")
        if value != value.strip():
            raise UsageError(f"{what} cannot start or end with whitespace: {value!r}")
        if info.field_name == "run_id":
            if any(char in ":;,#?/'\0" for char in value):
                raise UsageError(f"Run ID cannot contain the characters: :;,#?/' (it is {value!r})")
            if len(value) > ID_LIMIT:
                raise UsageError(
                    f"Run ID cannot have more than {ID_LIMIT} characters, {value[:20]!r}… has {len(value)}"
                )
        return value

    @field_validator("resume", mode="before")
    @classmethod
    def _read_resume(cls, value: Any) -> Any:
        return {True: "auto", False: None}.get(value, value) if isinstance(value, bool) else value

    @field_validator("fork_from", "resume_from", mode="before")
    @classmethod
    def _read_moment(cls, value: Any) -> Any:
        return RunMoment.from_uri(value) if isinstance(value, str) else value

    @field_validator("run_tags", mode="before")
    @classmethod
    def _read_tags(cls, value: Any) -> Any:
        if value is None:
            return None
        tags = tuple(str(tag) for tag in ([value] if isinstance(value, str) else value))
        for tag in tags:
            if not 0 < len(tag) <= TAG_LENGTH_LIMIT:
                shown = tag if len(tag) <= 40 else f"{tag[:39]}…"
                raise ValueError(f"a tag has 1 to {TAG_LENGTH_LIMIT} characters: {shown!r} has {len(tag)}")
        return tags

    @field_validator("root_dir", "code_dir", "program", mode="before")
    @classmethod
    def _read_path(cls, value: Any) -> Any:
        return os.fspath(value) if isinstance(value, os.PathLike) else value

    @field_validator("x_service_wait", "x_stats_sampling_interval")
    @classmethod
    def _check_duration(cls, value: float, info: Any) -> float:
        lowest = 0.1 if info.field_name == "x_stats_sampling_interval" else 0
        if value < lowest:
            raise UsageError(f"{info.field_name} cannot be less than {lowest} seconds, it is {value}")
        return value

    # Taking in settings from elsewhere

    def update_from_env_vars(self, environ: Mapping[str, str]) -> None:
        """Take the `WANDB_…` variables; a value of the wrong form is reported and left out.

        Raises:
            wandb.UsageError: a project or run id cannot be used.
            pydantic.ValidationError: WANDB_RESUME is not one of its choices.
        """
        for variable, text in environ.items():
            name = _setting_of(variable)
            if name not in type(self).model_fields or name in _UNREAD or not text.strip():
                continue
            value = [part.strip() for part in text.split(",") if part.strip()] if name in _LISTS else text
            try:
                setattr(self, name, value)
            except ValidationError as error:
                if name == "resume":
                    raise  # a run that does not resume overwrites the rows of the one before
                termwarn(f"{variable}={text!r} is ignored: {error.errors()[0]['msg']}", repeat=False)

    def update_from_dict(self, settings: Mapping[str, Any]) -> None:
        """Take the settings of a dict that are not None."""
        for name, value in settings.items():
            if value is not None:
                setattr(self, _field(name), value)

    update = update_from_dict

    def update_from_settings(self, settings: Settings) -> None:
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
            if name in type(self).model_fields
            and name not in (*_UNREAD, *_OF_WANDB)
            and name not in self.model_fields_set
        }
        for name, value in taken.items():
            try:
                setattr(self, name, [part.strip() for part in value.split(",")] if name in _LISTS else value)
            except (ValidationError, UsageError) as error:
                named = " and ".join(map(str, files.sources))
                termwarn(f"{name} = {value} in {named} is ignored: {error}", repeat=False)

    # What follows from the fields

    @property
    def _start_datetime(self) -> str:
        return "" if self.x_start_time is None else datetime.fromtimestamp(self.x_start_time, timezone.utc).isoformat()

    @property
    def timespec(self) -> str:
        """Start of the run, as folders are named: YYYYmmdd_HHMMSS in local time."""
        return time.strftime("%Y%m%d_%H%M%S", time.localtime(self.x_start_time))

    @property
    def run_mode(self) -> str:
        """`run` or `offline-run`: how the run's folder begins."""
        return "offline-run" if self._offline else "run"

    @property
    def wandb_dir(self) -> str:
        """The folder of run folders; `.wandb` if there is one already."""
        root = Path(self.root_dir).expanduser()
        hidden = (root / ".wandb").exists() if self.use_dot_wandb is None else self.use_dot_wandb
        return str(root / (".wandb" if hidden else "wandb"))

    @property
    def sync_dir(self) -> str:
        """The run's folder."""
        suffix = f"-{self.x_sync_dir_suffix}" if self.x_sync_dir_suffix else ""
        return str(Path(self.wandb_dir, f"{self.run_mode}-{self.timespec}-{self.run_id}{suffix}"))

    @property
    def sync_file(self) -> str:
        """The first file of the run's journal."""
        return str(Path(self.sync_dir, f"run-{self.run_id}.wandb"))

    @property
    def files_dir(self) -> str:
        """The folder for files of the run."""
        return self.x_files_dir or str(Path(self.sync_dir, "files"))

    @property
    def log_dir(self) -> str:
        """The folder for logs about logging."""
        return str(Path(self.sync_dir, "logs"))

    @property
    def log_user(self) -> str:
        """The log about logging."""
        return str(Path(self.log_dir, "debug.log"))

    @property
    def settings_workspace(self) -> str:
        """The folder's settings file, which `wandb init` and `wandb offline` write."""
        return str(Path(self.wandb_dir, "settings"))

    @property
    def sync_symlink_latest(self) -> str:
        """The link to the run's folder."""
        return str(Path(self.wandb_dir, "latest-run"))

    @property
    def log_internal(self) -> str:
        """The log of what brings the run to the server."""
        return str(Path(self.log_dir, "uploader.log"))

    @property
    def log_symlink_internal(self) -> str:
        """`log_internal` of the latest run."""
        return str(Path(self.sync_symlink_latest, "logs", "uploader.log"))

    @property
    def log_symlink_user(self) -> str:
        """`log_user` of the latest run."""
        return str(Path(self.sync_symlink_latest, "logs", "debug.log"))

    @property
    def app_url(self) -> str:
        """The URL of the server's pages: `app_url_override`, else that of Pluto's server."""
        if self.app_url_override:
            return self.app_url_override.rstrip("/")
        from wandb_compat.config.settings import Settings as Engine
        from wandb_compat.wire.endpoints import resolve
        from wandb_compat.wire.errors import EndpointError

        try:
            return resolve(Engine.read()[0].urls).app
        except EndpointError:
            return ""

    @property
    def project_url(self) -> str:
        """An empty text: the run's page, `run.url`, is known once the server has answered; so are the other pages."""
        return ""

    run_url = sweep_url = project_url

    @property
    def colab_url(self) -> str | None:
        """The notebook's page on Colab, if that is where it runs."""
        return f"https://colab.research.google.com/notebook#{self.x_jupyter_path}" if self.x_jupyter_path else None

    @property
    def is_local(self) -> bool:
        """Whether the server is one of the user's own."""
        return "PLUTO_URL_APP" in os.environ

    @property
    def deployment(self) -> str:
        """`local` or `cloud`."""
        return "local" if self.is_local else "cloud"

    def infer_git_root(self) -> None:
        """Set `git_root` to the checkout that `root_dir` is in, if it is in one."""
        from wandb.sdk.lib.gitlib import GitRepo

        self.git_root = self.git_root or GitRepo(root=self.root_dir).root

    @property
    def resume_fname(self) -> str:
        """The file that remembers the run to go on with under `resume="auto"`."""
        return str(Path(self.wandb_dir, "wandb-resume.json"))


def temporary_root() -> str:
    """Return the directory for runs whose own cannot be written; no other user can enter it."""
    from wandb_compat.spool.process_registry import private_directory

    return str(private_directory("runs"))


def _user_settings() -> Path:
    folder = os.environ.get("WANDB_CONFIG_DIR") or Path.home() / ".config" / "wandb"
    return Path(folder, "settings")


def _field(name: str) -> str:
    return f"x_{name[1:]}" if name.startswith("_") else name


def _setting_of(variable: str) -> str:
    if variable in _VARIABLES:
        return _VARIABLES[variable]
    if not variable.startswith("WANDB_"):
        return ""
    return _field(variable.removeprefix("WANDB_").lower())

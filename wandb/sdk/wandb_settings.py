"""`wandb.Settings`: how a run shall behave, from the environment, `settings=` and the arguments of `init`."""

from __future__ import annotations

import difflib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, field_validator, model_validator
from pydantic_core import PydanticCustomError

from wandb._native.run.computed_settings import COMPUTED
from wandb._native.run.settings_fields import FACTORIES, FORMER, HIDDEN, TAG_LENGTH_LIMIT, SettingsFields
from wandb._native.run.settings_sources import SettingsSources, field_of
from wandb.errors import UsageError
from wandb.sdk.lib.run_moment import RunMoment

_JSON = (  # a text in them is JSON
    "x_extra_http_headers",
    "x_stats_gpu_device_ids",
    "x_stats_open_metrics_endpoints",
    "x_stats_open_metrics_filters",
    "x_stats_open_metrics_http_headers",
)
PROJECT_LIMIT = 128  # characters, wandb's own limit
ID_LIMIT = 128  # characters: the id is part of the names of a folder and a file


if TYPE_CHECKING:

    class _Model(SettingsFields, BaseModel):
        """The plain fields as a model."""

else:
    _Model = create_model(
        "SettingsModel",
        # Names of other releases of wandb are kept, and mean nothing; `Settings` refuses all others.
        __config__=ConfigDict(
            extra="allow",
            validate_assignment=True,
            coerce_numbers_to_str=True,
            protected_namespaces=(),
            defer_build=True,  # until the class that is used is built, once
        ),
        **{
            name: (
                annotation,
                Field(default_factory=FACTORIES[name])
                if name in FACTORIES
                else Field(default=getattr(SettingsFields, name), repr=name not in HIDDEN),
            )
            for name, annotation in SettingsFields.__annotations__.items()
        },
    )


class Settings(SettingsSources, _Model):
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
        named = {field_of(name): value for name, value in values.items()}
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

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """Return the settings as a dict, with the computed ones; takes pydantic's options."""
        included, excluded = options.get("include"), options.get("exclude") or ()
        names = COMPUTED if included is None else [name for name in COMPUTED if name in included]
        return {
            **super().model_dump(**options),
            **{name: getattr(self, name) for name in names if name not in excluded},
        }

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

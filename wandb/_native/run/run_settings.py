"""The settings that a run works with: as in `wandb.Settings`, but without loading pydantic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from wandb._native.run.settings_fields import FACTORIES, TAG_LENGTH_LIMIT, SettingsFields
from wandb._native.run.settings_sources import FIELDS, SettingsSources

if TYPE_CHECKING:
    from wandb.sdk.wandb_settings import Settings

# Values of them that need no look from `wandb.Settings`, which checks them for more than their types.
_SURE_TEXTS = {
    "project": re.compile(r"[^/\\#?%:]{1,128}"),
    "run_id": re.compile(r"[\w.-]{1,128}"),
    "sweep_id": re.compile(r"[\w.-]{1,128}"),
}
_CHECKED = frozenset(
    ("base_url", "credentials_file", "ignore_globs", "run_tags", "x_service_wait", "x_stats_sampling_interval")
)
_SINGLE: tuple[Any, ...] = (None, Literal)  # origins of annotations that are no union
_EXCLUSIVE = ("resume", "resume_from", "fork_from")
_WORDS = {"true": True, "false": False, "1": True, "0": False}


class RunSettings(SettingsSources, SettingsFields):
    """Settings of a run in plain attributes.

    What is surely valid is taken as it is. All else goes through `wandb.Settings`, which converts it or raises: so
    every message and every conversion is that of the model. Whatever else is asked of it, as `model_dump`, the model
    answers as well.
    """

    def __init__(self) -> None:
        vars(self).update({name: make() for name, make in FACTORIES.items()}, model_fields_set=set())

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _EXCLUSIVE and any(getattr(self, other) is not None for other in _EXCLUSIVE if other != name):
            self._put(name, _through_model(name, value, self.model()))
        elif is_sure(name, value):
            self._put(name, value)
        elif name == "run_tags" and type(value) in (list, tuple) and all(map(_is_sure_tag, value)):
            self._put(name, tuple(value))
        elif FIELDS.get(name) is bool and isinstance(value, str) and value in _WORDS:
            self._put(name, _WORDS[value])
        else:
            self._put(name, _through_model(name, value))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "model_fields_set" not in vars(self):  # the latter while it is unpickled
            raise AttributeError(name)
        return getattr(self.model(), name)

    def set_unchecked(self, name: str, value: Any) -> None:
        """Set a field past all checks."""
        self._put(name, value)

    def given(self) -> dict[str, Any]:
        """Return the fields that have been set."""
        return {name: value for name, value in vars(self).items() if name in self.model_fields_set}

    def model(self) -> Settings:
        """Return the same settings as a `wandb.Settings`, which is loaded with pydantic then."""
        from wandb.sdk.wandb_settings import Settings

        values = {name: value for name, value in vars(self).items() if name != "model_fields_set"}
        return Settings.model_construct(set(self.model_fields_set), **values)

    def _put(self, name: str, value: Any) -> None:
        vars(self)[name] = value
        self.model_fields_set.add(name)


def is_sure(name: str, value: Any) -> bool:
    """Return whether a value surely passes `wandb.Settings` and stays as it is."""
    if name not in FIELDS or name in _CHECKED:
        return False
    if name in _SURE_TEXTS and value is not None:
        return type(value) is str and _SURE_TEXTS[name].fullmatch(value) is not None
    annotation = FIELDS[name]
    kinds: tuple[Any, ...] = (annotation,) if get_origin(annotation) in _SINGLE else get_args(annotation)
    return any(
        type(value) is kind or (get_origin(kind) is Literal and type(value) is str and value in get_args(kind))
        for kind in kinds
    )


def _is_sure_tag(tag: Any) -> bool:
    return type(tag) is str and 0 < len(tag) <= TAG_LENGTH_LIMIT


def _through_model(name: str, value: Any, model: Settings | None = None) -> Any:
    """Return what `wandb.Settings` makes of a value.

    Raises:
        pydantic.ValidationError: as `wandb.Settings`.
        wandb.UsageError: as `wandb.Settings`.
    """
    from wandb.sdk.wandb_settings import Settings

    model = model or Settings()
    setattr(model, name, value)
    return getattr(model, name)

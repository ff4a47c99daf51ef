"""The settings that runs work with take, change and refuse the same values as `wandb.Settings`."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import wandb
from wandb._native.run.run_settings import RunSettings
from wandb._native.run.settings_fields import FORMER
from wandb._native.run.settings_sources import FIELDS
from wandb.sdk.lib.run_moment import RunMoment

VALUES: list[Any] = [
    *(None, True, False, 0, 1, -3, 2.5, float("nan"), "", "a", " a ", "true", "no", "7", "1.5", "a/b", "x" * 200),
    *("online", "offline", "dryrun", "auto", "allow", "never", "create_new", "wrap", "repo", "abc?_step=3", "{}"),
    *([], ["a", "b"], ("a",), ["", 1], {"a": "b"}, {"a": 1}, b"a", len, RunMoment("abc", 3), 0.05, "http://h/", "~"),
]


def outcome(settings: Any, name: str, value: Any) -> str:
    """Return what setting a value leads to: the value that is read back, or the error."""
    try:
        setattr(settings, name, value)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return f"{type(getattr(settings, name)).__name__} {getattr(settings, name)!r} {sorted(settings.model_fields_set)}"


@pytest.mark.parametrize("name", [*FIELDS, "no_such_setting", min(FORMER), "run_mode"])
def test_every_value_has_the_same_outcome(name: str) -> None:
    """For each setting and each kind of value: what is kept and the text of the error."""
    for value in VALUES:
        expected = outcome(wandb.Settings(), name, value)
        assert outcome(RunSettings(), name, value) == expected, value


@pytest.mark.parametrize(("first", "second"), [("resume", "fork_from"), ("fork_from", "resume_from")])
def test_contradictions_are_refused_with_the_same_words(first: str, second: str) -> None:
    """Only one of those that say where a run begins can be set."""
    errors = []
    for settings in (RunSettings(), wandb.Settings()):
        setattr(settings, first, {"resume": "allow"}.get(first, "abc?_step=3"))
        errors.append(outcome(settings, second, "abc?_step=3"))
        setattr(settings, first, None)
        setattr(settings, second, "abc?_step=3")
    assert errors[0] == errors[1] and "cannot be used together" in errors[0]


def test_both_read_the_environment_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """Variables of every type, with values that do and that do not fit, and the same warnings."""
    environ = {
        **{"WANDB_PROJECT": "p", "WANDB_TAGS": "a, b", "WANDB_SILENT": "yes", "WANDB_QUIET": "maybe"},
        **{"WANDB_INIT_TIMEOUT": "3", "WANDB_HEARTBEAT_SECONDS": "soon", "WANDB_CONSOLE": "none"},
        **{"WANDB_IGNORE_GLOBS": "*.a,*.b", "WANDB_X_STATS_GPU_DEVICE_IDS": "[0, 1]", "WANDB_NO_SUCH": "1"},
    }
    both = RunSettings(), wandb.Settings()
    for settings in both:
        settings.update_from_env_vars(environ)
    assert both[0].model() == both[1]
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 3 and all("is ignored" in line for line in warnings)  # each is shown once


def test_the_model_answers_for_what_runs_do_not_need() -> None:
    """`model_dump` and the like, with the computed settings; copies and pickles are as the original."""
    settings = RunSettings()
    settings.mode, settings.run_id = "offline", "abc"
    assert settings.model_dump() == settings.model().model_dump() and settings.model_dump()["_offline"]
    for other in (copy.copy(settings), copy.deepcopy(settings), pickle.loads(pickle.dumps(settings))):
        assert other.given() == settings.given() == {"mode": "offline", "run_id": "abc"}
    with pytest.raises(AttributeError, match="no_such"):
        settings.no_such_setting  # noqa: B018

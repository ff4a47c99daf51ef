"""`wandb.Settings` knows every field of wandb 0.31, takes those of other versions, and checks what wandb checks."""

import socket
import sys
from pathlib import Path
from typing import Any

import pydantic
import pytest

import wandb


@pytest.mark.parametrize(
    "values",
    [
        {"start_method": "fork"},
        {"start_method": "thread", "_disable_stats": True},
        {"_disable_service": True, "_except_exit": True, "problem": "fatal"},
        {"anonymous": "allow", "launch": False},
        {"init_timeout": 300, "x_primary": True, "x_label": "r0", "symlink": False, "disable_job_creation": True},
        {"code_dir": ".", "base_url": "http://x", "api_key": "secret", "https_proxy": "p", "git_root": "."},
    ],
)
def test_settings_of_any_version_are_taken(values: dict[str, Any]) -> None:
    """`Settings(start_method=...)` and its like never raise, and reach `init`."""
    settings = wandb.Settings(**values)
    for name, value in values.items():
        assert getattr(settings, f"x_{name[1:]}" if name.startswith("_") else name) == value
    assert isinstance(wandb.init(mode="offline", settings=settings), wandb.Run)


def test_leading_underscores_name_internal_settings() -> None:
    """`_service_wait` is `x_service_wait`; text is read as the field's type."""
    assert wandb.Settings(_service_wait=300).x_service_wait == 300.0
    assert wandb.Settings(silent="True").silent is True
    assert wandb.Settings(run_id=5).run_id == "5"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lol": 1}, "no setting 'lol'"),
        ({"projct": "p"}, "did you mean 'project'"),
        ({"run_tags": [""]}, "1 to 64 characters"),
        ({"run_tags": ["a" * 65]}, "1 to 64 characters: 'a+…' has 65"),
        ({"api_key": 12}, "must be a string"),
        ({"https_proxy": 3}, "must be a string"),
        ({"base_url": "gibberish"}, "must be a URL"),
        ({"resume": "allow", "resume_from": "r?_step=1"}, "cannot be used together"),
        ({"fork_from": "r?_step=1", "resume_from": "r?_step=1"}, "cannot be used together"),
        ({"fork_from": "https://h/r?_step=1"}, "ID.?_step=N"),
        ({"x_extra_http_headers": "no JSON"}, "x_extra_http_headers"),
    ],
)
def test_what_wandb_refuses(values: dict[str, Any], words: str) -> None:
    """Unknown names, values of another form and contradictions are refused at once, in assignments too."""
    with pytest.raises(pydantic.ValidationError, match=words):
        wandb.Settings(**values)
    settings = wandb.Settings()
    with pytest.raises((pydantic.ValidationError, ValueError), match=words):
        for name, value in values.items():
            setattr(settings, name, value)
    with pytest.raises(wandb.UsageError, match=r"cannot be less than 0\.1 seconds"):
        wandb.Settings(x_stats_sampling_interval=0)


def test_forms_of_wandb() -> None:
    """Texts that wandb reads or completes have its form, and computed settings are in `model_dump`."""
    settings = wandb.Settings(base_url="https://host/", ignore_globs=["*.tmp"], x_extra_http_headers='{"a": "b"}')
    assert (settings.base_url, settings.ignore_globs) == ("https://host", ("*.tmp",))
    assert settings.x_extra_http_headers == {"a": "b"}
    assert Path(wandb.Settings(credentials_file="~/c.json").credentials_file) == Path.home() / "c.json"
    dump = wandb.Settings(mode="offline", run_id="abc").model_dump(exclude={"run_mode"})
    assert (dump["_offline"], dump["_python"], dump["run_id"]) == (True, settings._python, "abc")
    assert dump["sync_dir"].endswith("-abc") and "run_mode" not in dump


def test_json_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """`WANDB_X_…` of a setting that is a dict or a list holds JSON."""
    monkeypatch.setenv("WANDB_X_STATS_OPEN_METRICS_ENDPOINTS", '{"a": "http://b"}')
    monkeypatch.setenv("WANDB_X_STATS_OPEN_METRICS_FILTERS", '["gpu.*"]')
    monkeypatch.setenv("WANDB_X_STATS_GPU_DEVICE_IDS", "[0, 2]")
    settings = wandb.init(mode="offline").settings
    assert settings.x_stats_open_metrics_endpoints == {"a": "http://b"}
    assert (settings.x_stats_open_metrics_filters, settings.x_stats_gpu_device_ids) == (["gpu.*"], [0, 2])


@pytest.mark.parametrize(
    "values", [{"mode": "nope"}, {"resume": "bad"}, {"reinit": "bad"}, {"console": "loud"}, {"fork_from": "x"}]
)
def test_choices_are_checked(values: dict[str, Any]) -> None:
    """A mode, resume, reinit, console or run moment that does not exist is a ValidationError, from `init` too."""
    with pytest.raises(pydantic.ValidationError):
        wandb.Settings(**values)
    with pytest.raises(pydantic.ValidationError):
        wandb.init(settings=values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"project": "a/b"}, "Invalid project name 'a/b'"),
        ({"project": "p" * 129}, "exceeded 128 characters"),
        ({"id": "a/b"}, "Run ID cannot contain the characters"),
        ({"id": ""}, "Run ID cannot be empty"),
        ({"id": " a"}, "cannot start or end with whitespace"),
        ({"id": "  "}, "cannot contain only whitespace"),
        ({"id": "x" * 300}, "cannot have more than 128 characters"),
    ],
)
def test_names_that_cannot_be_used_are_usage_errors(values: dict[str, Any], words: str) -> None:
    """Projects with slashes and ids with reserved characters are refused in wandb's words; nothing is made."""
    with pytest.raises(wandb.UsageError, match=words):
        wandb.init(mode="offline", **values)
    assert not Path("wandb").exists()


def test_resume_and_tags_are_normalised() -> None:
    """`resume=True` is auto, one text is one tag, a number is its text."""
    assert (wandb.Settings(resume=True).resume, wandb.Settings(resume=False).resume) == ("auto", None)
    assert wandb.Settings(run_tags="abc").run_tags == ("abc",)
    assert wandb.Settings(run_tags=["a", 3]).run_tags == ("a", "3")


def test_the_environment_is_read_at_init(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables set after the import count, `init`'s arguments win, and `settings=` is in between."""
    for name, value in {
        "WANDB_MODE": "offline",
        "WANDB_PROJECT": "from-env",
        "WANDB_ENTITY": "team",
        "WANDB_NAME": "name",
        "WANDB_NOTES": "notes",
        "WANDB_TAGS": "a, b",
        "WANDB_RUN_GROUP": "g",
        "WANDB_JOB_TYPE": "train",
        "WANDB_RUN_ID": "abc123",
        "WANDB__DISABLE_STATS": "true",
        "WANDB_START_METHOD": "thread",
    }.items():
        monkeypatch.setenv(name, value)
    run = wandb.init(settings=wandb.Settings(run_name="from-settings", project="from-settings"), project="p")
    assert (run.project, run.name, run.entity, run.notes) == ("p", "from-settings", "team", "notes")
    assert (run.tags, run.group, run.job_type, run.id) == (("a", "b"), "g", "train", "abc123")
    assert run.settings.x_disable_stats and run.offline
    assert run.path == "team/p/abc123"
    assert wandb.setup().settings.project == "from-env"


def test_a_bad_variable_is_said_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt WANDB_MODE does not end a training run."""
    monkeypatch.setenv("WANDB_CONSOLE", "loud")
    assert wandb.init(mode="offline").settings.console == "wrap"
    assert "WANDB_CONSOLE='loud' is ignored" in capsys.readouterr().err


def test_a_bad_resume_variable_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beginning at step 0 would overwrite the rows of the run that was meant to be resumed."""
    monkeypatch.setenv("WANDB_RESUME", "true")
    with pytest.raises(pydantic.ValidationError):
        wandb.init(mode="offline", id="same")


def test_setup_gives_settings_to_later_runs() -> None:
    """`wandb.setup(settings)` holds until `init` says otherwise."""
    wandb.setup(wandb.Settings(project="from-setup", mode="offline"))
    assert wandb.init().project == "from-setup"


def test_a_key_does_not_show() -> None:
    """Printing settings prints no key."""
    assert "mlpi_secret" not in repr(wandb.Settings(api_key="mlpi_secret"))


def test_settings_can_be_updated_like_a_dict() -> None:
    """`settings.update({...})` of older versions works, and checks."""
    settings = wandb.Settings()
    settings.update({"git_root": "/x", "_disable_stats": True})
    assert (settings.git_root, settings.x_disable_stats) == ("/x", True)
    with pytest.raises(pydantic.ValidationError):
        settings.update({"mode": "nope"})


def test_a_run_has_the_settings_of_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine, script, interpreter and console are known after `init`; what is given stays."""
    monkeypatch.delenv("WANDB_CONSOLE", raising=False)
    settings = wandb.init(mode="offline").settings
    assert settings.host == socket.gethostname() and settings.x_executable == sys.executable
    assert settings.program and settings.console == "wrap"
    wandb.finish()
    settings = wandb.init(mode="offline", settings=wandb.Settings(host="node7", program="train.py")).settings
    assert (settings.host, settings.program, settings.program_abspath) == ("node7", "train.py", None)


def test_the_pages_are_those_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """`app_url` is Pluto's, or the one that is given."""
    monkeypatch.setenv("PLUTO_URL_APP", "http://pluto.test")
    monkeypatch.setenv("PLUTO_URL_API", "http://pluto.test")
    assert wandb.Settings().app_url == "http://pluto.test"
    assert wandb.Settings(app_url_override="http://pages.test/").app_url == "http://pages.test"

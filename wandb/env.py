"""Names of wandb's environment variables, and functions that read and set them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

from wandb_compat.config.truthy import FALSE, TRUE

AGENT_DISABLE_FLAPPING = "WANDB_AGENT_DISABLE_FLAPPING"
AGENT_KILL_DELAY = "WANDB_AGENT_KILL_DELAY"
AGENT_MAX_INITIAL_FAILURES = "WANDB_AGENT_MAX_INITIAL_FAILURES"
AGENT_REPORT_INTERVAL = "WANDB_AGENT_REPORT_INTERVAL"
ANONYMOUS = "WANDB_ANONYMOUS"
API_KEY = "WANDB_API_KEY"
APP_URL = "WANDB_APP_URL"
ARGS = "WANDB_ARGS"
ARTIFACT_DIR = "WANDB_ARTIFACT_DIR"
ARTIFACT_FETCH_FILE_URL_BATCH_SIZE = "WANDB_ARTIFACT_FETCH_FILE_URL_BATCH_SIZE"
BASE_URL = "WANDB_BASE_URL"
CACHE_DIR = "WANDB_CACHE_DIR"
CONFIG_DIR = "WANDB_CONFIG_DIR"
CONFIG_PATHS = "WANDB_CONFIG_PATHS"
CORE_DEBUG = "WANDB_CORE_DEBUG"
CRASH_NOSYNC_TIME = "WANDB_CRASH_NOSYNC_TIME"
CREDENTIALS_FILE = "WANDB_CREDENTIALS_FILE"
DATA_DIR = "WANDB_DATA_DIR"
DEBUG = "WANDB_DEBUG"
DESCRIPTION = "WANDB_DESCRIPTION"
DIR = "WANDB_DIR"
DISABLE_CODE = "WANDB_DISABLE_CODE"
DISABLE_GIT = "WANDB_DISABLE_GIT"
DISABLE_SSL = "WANDB_INSECURE_DISABLE_SSL"
DOCKER = "WANDB_DOCKER"
ENABLE_DCGM_PROFILING = "WANDB_ENABLE_DCGM_PROFILING"
ENTITY = "WANDB_ENTITY"
ERROR_REPORTING = "WANDB_ERROR_REPORTING"
FILE_PUSHER_TIMEOUT = "WANDB_FILE_PUSHER_TIMEOUT"
GIT_COMMIT = "WANDB_GIT_COMMIT"
GIT_REMOTE_URL = "WANDB_GIT_REMOTE_URL"
GIT_ROOT = "WANDB_GIT_ROOT"
HOST = "WANDB_HOST"
HTTP_TIMEOUT = "WANDB_HTTP_TIMEOUT"
IDENTITY_TOKEN_FILE = "WANDB_IDENTITY_TOKEN_FILE"
IGNORE = "WANDB_IGNORE_GLOBS"
INITED = "WANDB_INITED"
INIT_TIMEOUT = "WANDB_INIT_TIMEOUT"
JOB_TYPE = "WANDB_JOB_TYPE"
JUPYTER = "WANDB_JUPYTER"
LAUNCH_QUEUE_ENTITY = "WANDB_LAUNCH_QUEUE_ENTITY"
LAUNCH_QUEUE_NAME = "WANDB_LAUNCH_QUEUE_NAME"
LAUNCH_TRACE_ID = "WANDB_LAUNCH_TRACE_ID"
MAGIC = "WANDB_MAGIC"
MODE = "WANDB_MODE"
NAME = "WANDB_NAME"
NOTEBOOK_NAME = "WANDB_NOTEBOOK_NAME"
NOTES = "WANDB_NOTES"
ORGANIZATION = "WANDB_ORGANIZATION"
PROGRAM = "WANDB_PROGRAM"
PROJECT = "WANDB_PROJECT"
QUIET = "WANDB_QUIET"
RESUME = "WANDB_RESUME"
RUN_DIR = "WANDB_RUN_DIR"
RUN_GROUP = "WANDB_RUN_GROUP"
RUN_ID = "WANDB_RUN_ID"
RUN_STORAGE_ID = "WANDB_RUN_STORAGE_ID"
SAVE_CODE = "WANDB_SAVE_CODE"
SENTRY_DSN = "WANDB_SENTRY_DSN"
SERVICE = "WANDB_SERVICE"
SHOW_RUN = "WANDB_SHOW_RUN"
SILENT = "WANDB_SILENT"
START_METHOD = "WANDB_START_METHOD"
SWEEP_ID = "WANDB_SWEEP_ID"
SWEEP_PARAM_PATH = "WANDB_SWEEP_PARAM_PATH"
TAGS = "WANDB_TAGS"
USERNAME = "WANDB_USERNAME"
USER_EMAIL = "WANDB_USER_EMAIL"
USE_V1_ARTIFACTS = "_WANDB_USE_V1_ARTIFACTS"

Env = MutableMapping[str, str]


def _getter(name: str, function: str, fallback: Any = None) -> Callable[..., Any]:
    def get(default: Any = fallback, env: Env | None = None) -> Any:
        return (os.environ if env is None else env).get(name, default)

    get.__name__ = get.__qualname__ = function
    get.__doc__ = f"Return {name}, or the default."
    return get


get_project = _getter(PROJECT, "get_project")
get_entity = _getter(ENTITY, "get_entity")
get_organization = _getter(ORGANIZATION, "get_organization")
get_username = _getter(USERNAME, "get_username")
get_user_email = _getter(USER_EMAIL, "get_user_email")
get_run = _getter(RUN_ID, "get_run")
get_dir = _getter(DIR, "get_dir")
get_docker = _getter(DOCKER, "get_docker")
get_base_url = _getter(BASE_URL, "get_base_url")
get_app_url = _getter(APP_URL, "get_app_url")
get_description = _getter(DESCRIPTION, "get_description")
get_config_paths = _getter(CONFIG_PATHS, "get_config_paths")
get_magic = _getter(MAGIC, "get_magic")
get_error_reporting = _getter(ERROR_REPORTING, "get_error_reporting", True)


def get_launch_queue_name(env: Env | None = None) -> str | None:
    """Return WANDB_LAUNCH_QUEUE_NAME."""
    return _read(LAUNCH_QUEUE_NAME, None, env)


def get_launch_queue_entity(env: Env | None = None) -> str | None:
    """Return WANDB_LAUNCH_QUEUE_ENTITY."""
    return _read(LAUNCH_QUEUE_ENTITY, None, env)


def get_launch_trace_id(env: Env | None = None) -> str | None:
    """Return WANDB_LAUNCH_TRACE_ID."""
    return _read(LAUNCH_TRACE_ID, None, env)


def get_args(default: list[str] | None = None, env: Env | None = None) -> list[str] | None:
    """Return the list in WANDB_ARGS, None when it is not JSON; without it the script's own arguments."""
    text = _read(ARGS, None, env)
    if not text:
        return default or sys.argv[1:]
    try:
        return json.loads(text)  # type: ignore[no-any-return]
    except ValueError:
        return None


def get_ignore(default: list[str] | None = None, env: Env | None = None) -> list[str] | None:
    """Return the patterns of WANDB_IGNORE_GLOBS."""
    text = _read(IGNORE, None, env)
    return default if text is None else text.split(",")


def get_show_run(default: str | None = None, env: Env | None = None) -> bool:
    """Return whether WANDB_SHOW_RUN says something."""
    return bool(_read(SHOW_RUN, default, env))


def get_http_timeout(default: int = 20, env: Env | None = None) -> int:
    """Return WANDB_HTTP_TIMEOUT, in seconds."""
    return int(_read(HTTP_TIMEOUT, None, env) or default)


def get_file_pusher_timeout(default: int | None = None, env: Env | None = None) -> int | None:
    """Return WANDB_FILE_PUSHER_TIMEOUT, in seconds."""
    return _whole(FILE_PUSHER_TIMEOUT, default, env)


def get_agent_report_interval(default: str | None = None, env: Env | None = None) -> int | None:
    """Return WANDB_AGENT_REPORT_INTERVAL, in seconds."""
    return _whole(AGENT_REPORT_INTERVAL, default, env)


def get_agent_kill_delay(default: str | None = None, env: Env | None = None) -> int | None:
    """Return WANDB_AGENT_KILL_DELAY, in seconds."""
    return _whole(AGENT_KILL_DELAY, default, env)


def get_crash_nosync_time(default: str | None = None, env: Env | None = None) -> int | None:
    """Return WANDB_CRASH_NOSYNC_TIME, in seconds."""
    return _whole(CRASH_NOSYNC_TIME, default, env)


def get_agent_max_initial_failures(default: int | None = None, env: Env | None = None) -> int | None:
    """Return WANDB_AGENT_MAX_INITIAL_FAILURES."""
    found = _whole(AGENT_MAX_INITIAL_FAILURES, default, env)
    return default if found is None else found


def get_artifact_fetch_file_url_batch_size(env: Env | None = None) -> int:
    """Return WANDB_ARTIFACT_FETCH_FILE_URL_BATCH_SIZE."""
    return int(_read(ARTIFACT_FETCH_FILE_URL_BATCH_SIZE, None, env) or 5000)


def get_artifact_dir(env: Env | None = None) -> str:
    """Return WANDB_ARTIFACT_DIR, by default `artifacts` in the working folder, as an absolute path."""
    return str(Path(_read(ARTIFACT_DIR, None, env) or "artifacts").absolute())


def get_data_dir(env: Env | None = None) -> str:
    """Return WANDB_DATA_DIR, by default wandb's folder for data of this user."""
    return _read(DATA_DIR, None, env) or _of_user("XDG_DATA_HOME", ".local/share")


def get_cache_dir(env: Env | None = None) -> Path:
    """Return WANDB_CACHE_DIR, by default wandb's folder for caches of this user."""
    return Path(_read(CACHE_DIR, None, env) or _of_user("XDG_CACHE_HOME", ".cache"))


def get_credentials_file(default: str, env: Env | None = None) -> Path:
    """Return WANDB_CREDENTIALS_FILE."""
    return Path(_read(CREDENTIALS_FILE, default, env) or default)


def get_use_v1_artifacts(env: Env | None = None) -> bool:
    """Return whether _WANDB_USE_V1_ARTIFACTS says something."""
    return bool(_read(USE_V1_ARTIFACTS, None, env))


def immutable_keys() -> list[str]:
    """Return the variables that do not change while a run goes on."""
    return [DIR, ENTITY, PROJECT, API_KEY, IGNORE, DISABLE_CODE, DISABLE_GIT, DOCKER, MODE, BASE_URL, ERROR_REPORTING]


def is_debug(default: str | None = None, env: Env | None = None) -> bool:
    """Return whether WANDB_DEBUG is true."""
    return _true(DEBUG, default, env)


def core_debug(default: str | None = None) -> bool:
    """Return whether WANDB_CORE_DEBUG or WANDB_DEBUG is true."""
    return _true(CORE_DEBUG, default) or is_debug()


def error_reporting_enabled() -> bool:
    """Return whether WANDB_ERROR_REPORTING is true, as it is by default."""
    return _true(ERROR_REPORTING, "true")


def ssl_disabled() -> bool:
    """Return whether WANDB_INSECURE_DISABLE_SSL is true."""
    return _true(DISABLE_SSL)


def dcgm_profiling_enabled() -> bool:
    """Return whether WANDB_ENABLE_DCGM_PROFILING is true."""
    return _true(ENABLE_DCGM_PROFILING)


def should_save_code() -> bool:
    """Return whether WANDB_SAVE_CODE is true and WANDB_DISABLE_CODE is not."""
    return _true(SAVE_CODE) and not _true(DISABLE_CODE)


def disable_git(env: Env | None = None) -> bool:
    """Return whether WANDB_DISABLE_GIT says anything but false."""
    return (_read(DISABLE_GIT, "false", env) or "").lower() != "false"


def get_tags(default: str = "", env: Env | None = None) -> list[str]:
    """Return the tags of WANDB_TAGS."""
    return [tag for tag in (_read(TAGS, default, env) or "").split(",") if tag]


def set_project(value: str, env: Env | None = None) -> None:
    """Set WANDB_PROJECT, or remove it with None."""
    _write(PROJECT, value or "uncategorized", env)


def set_entity(value: str, env: Env | None = None) -> None:
    """Set WANDB_ENTITY, or remove it with None."""
    _write(ENTITY, value, env)


def is_offline(env: Env | None = None) -> bool:
    """Return whether WANDB_MODE keeps runs offline."""
    return _read(MODE, None, env) in ("offline", "dryrun")


def is_silent() -> bool:
    """Return whether WANDB_SILENT is true."""
    return strtobool(os.environ.get(SILENT, "false"))


def is_quiet() -> bool:
    """Return whether WANDB_QUIET is true."""
    return strtobool(os.environ.get(QUIET, "false"))


def strtobool(val: str) -> bool:
    """Return the truth that a text names.

    Raises:
        ValueError: it names none.
    """
    val = val.lower()
    if val in TRUE:
        return True
    if val in FALSE:
        return False
    raise ValueError(f"invalid truth value {val!r}; write true or false")


def _true(name: str, default: str | None = None, env: Env | None = None) -> bool:
    try:
        return strtobool(_read(name, default, env) or "false")
    except ValueError:
        return False


def _whole(name: str, default: Any, env: Env | None) -> int | None:
    try:
        return int(_read(name, default, env))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _of_user(variable: str, folder: str) -> str:
    return str(Path(os.environ.get(variable) or Path.home() / folder, "wandb"))


def _read(name: str, default: str | None, env: Env | None) -> str | None:
    return (os.environ if env is None else env).get(name, default)


def _write(name: str, value: str | None, env: Env | None) -> None:
    environ = os.environ if env is None else env
    if value is None:
        environ.pop(name, None)
    else:
        environ[name] = value

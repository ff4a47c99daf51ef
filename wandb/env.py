"""Names of wandb's environment variables, and the few that scripts set or read through this module."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

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


def get_project(default: str | None = None, env: Env | None = None) -> str | None:
    """Return WANDB_PROJECT."""
    return _read(PROJECT, default, env)


def get_entity(default: str | None = None, env: Env | None = None) -> str | None:
    """Return WANDB_ENTITY."""
    return _read(ENTITY, default, env)


def get_run(default: str | None = None, env: Env | None = None) -> str | None:
    """Return WANDB_RUN_ID."""
    return _read(RUN_ID, default, env)


def get_dir(default: str | None = None, env: Env | None = None) -> str | None:
    """Return WANDB_DIR."""
    return _read(DIR, default, env)


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
    if val in ("y", "yes", "t", "true", "on", "1"):
        return True
    if val in ("n", "no", "f", "false", "off", "0"):
        return False
    raise ValueError(f"invalid truth value {val!r}; write true or false")


def _read(name: str, default: str | None, env: Env | None) -> str | None:
    return (os.environ if env is None else env).get(name, default)


def _write(name: str, value: str | None, env: Env | None) -> None:
    environ = os.environ if env is None else env
    if value is None:
        environ.pop(name, None)
    else:
        environ[name] = value

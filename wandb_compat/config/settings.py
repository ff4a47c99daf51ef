"""Every environment variable that the engine reads, with unit and default."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wandb_compat.config import credentials, login_choice
from wandb_compat.config.truthy import is_false, is_true


class Variable(NamedTuple):
    """One setting: the variables that set it, of which the first that is set counts; its default gives its type."""

    names: tuple[str, ...]
    default: Any
    description: str
    ge: float = -math.inf  # the least value
    gt: float = -math.inf  # a value below all that are allowed

    def parse(self, text: str) -> Any:
        """Return the value of the setting's type that a text means.

        Raises:
            ValueError: the text means no such value, or one out of bounds.
        """
        if isinstance(self.default, bool):
            return _parse_bool(text)
        if not isinstance(self.default, (int, float)):
            return text
        kind = type(self.default)
        try:
            number = kind(text)
        except ValueError:
            raise ValueError(f"it must be {'a whole number' if kind is int else 'a number'}") from None
        if not number >= self.ge:
            raise ValueError(f"it must be at least {self.ge:g}")
        if not number > self.gt:
            raise ValueError(f"it must be more than {self.gt:g}")
        return number


def _parse_bool(text: str) -> bool:
    if not is_true(text) and not is_false(text):
        raise ValueError("it must be true or false")
    return is_true(text)


def _named(*names: str, default: Any, description: str, **bounds: float) -> Any:
    return Variable(names, default, description, **bounds)


class Settings:
    """The environment's values when they were read; `read` never raises for an invalid value.

    A plain class and no pydantic model: pydantic would be half the time of every first `import wandb`.
    """

    # Modes
    switch: str = _named("WANDB_COMPAT", default="on", description="`off` turns wandb-compat off.")
    post_sunset: bool = _named(
        "DISABLE_WANDB_LOGGING",
        default=False,
        description="`true`: never log to wandb, only to Pluto. The real wandb is not even imported.",
    )

    # Pluto
    pluto_api_key: str | None = _named(
        "PLUTO_API_KEY",
        default=None,
        description="Key of the Pluto organisation. Wins over the keyring of `pluto login`.",
    )
    pluto_project: str | None = _named(
        "PLUTO_PROJECT", default=None, description="Pluto project of every run; wins over `project=`."
    )
    pluto_run_id: str | None = _named(
        "PLUTO_RUN_ID",
        default=None,
        description="Pluto run to write to: a run number of the server, a display id such as `ABC-1`, or other text "
        "as external id. Wins over the wandb run id.",
    )
    pluto_mode: str | None = _named(
        "PLUTO_MODE",
        default=None,
        description="`online`, `offline` or `disabled` for the Pluto side alone; unset: as the run's own mode.",
    )
    pluto_dir: str | None = _named(
        "PLUTO_DIR", default=None, description="Folder for run folders when neither `dir=` nor `WANDB_DIR` names one."
    )
    pluto_url_app: str | None = _named("PLUTO_URL_APP", default=None, description="Base URL of the web page.")
    pluto_url_api: str | None = _named("PLUTO_URL_API", default=None, description="Base URL of runs and queries.")
    pluto_url_ingest: str | None = _named(
        "PLUTO_URL_INGEST", default=None, description="Base URL of metrics and files."
    )
    pluto_url_py: str | None = _named("PLUTO_URL_PY", default=None, description="Base URL of heartbeat and alerts.")

    # Our own limits
    finish_budget: float = _named(
        "WANDB_COMPAT_FINISH_BUDGET",
        default=30.0,
        ge=0,
        description="Seconds that `finish()` may wait for the last rows. What is left then is sent in the background. "
        "Unset, dual mode waits for 5 only, except in a distributed job.",
    )
    linger: float = _named(
        "WANDB_COMPAT_LINGER",
        default=600.0,
        ge=0,
        description="Seconds that the uploader keeps retrying an unreachable server after the script has ended.",
    )
    adopt: bool = _named(
        "WANDB_COMPAT_ADOPT",
        default=True,
        description="`false`: a run does not send what earlier runs in the same folder, cut off together with their "
        "uploaders, have left there.",
    )
    journal_limit: int = _named(
        "WANDB_COMPAT_JOURNAL_LIMIT",
        default=16 * 1024**3,
        ge=1024**2,
        description="Bytes on disk that one process may hold for a run before new records are refused and counted.",
    )
    segment_size: int = _named(
        "WANDB_COMPAT_SEGMENT_SIZE",
        default=16 * 1024**2,
        ge=1024,
        description="Bytes of one journal file; a delivered file is deleted, except the first.",
    )
    batch_size: int = _named(
        "WANDB_COMPAT_BATCH_SIZE",
        default=512 * 1024,
        ge=1024,
        description="Bytes of one request that carries rows; the uploader's memory use grows with it.",
    )
    heartbeat: float = _named(
        "WANDB_COMPAT_HEARTBEAT", default=4.0, gt=0, description="Seconds between two heartbeats and system samples."
    )

    keep_arguments: bool = _named(
        "WANDB_COMPAT_KEEP_ARGUMENTS",
        default=False,
        description="`true`: arguments of the script that look like keys or passwords are logged as they are.",
    )

    # wandb's own, as its `init` reads them
    wandb_api_key: str | None = _named(
        "WANDB_API_KEY",
        default=None,
        description="When wandb logging is disabled, it may hold a Pluto key (`mlpi_…`, `mlps_…`).",
    )
    wandb_project: str | None = _named("WANDB_PROJECT", default=None, description="Project of the run.")
    wandb_entity: str | None = _named("WANDB_ENTITY", default=None, description="Entity; stored with the run.")
    wandb_name: str | None = _named("WANDB_NAME", "WANDB_RUN_NAME", default=None, description="Name of the run.")
    wandb_notes: str | None = _named("WANDB_NOTES", "WANDB_RUN_NOTES", default=None, description="Notes of the run.")
    wandb_tags: str | None = _named(
        "WANDB_TAGS", "WANDB_RUN_TAGS", default=None, description="Tags, separated by commas."
    )
    wandb_run_id: str | None = _named("WANDB_RUN_ID", default=None, description="Id of the run.")
    wandb_run_group: str | None = _named("WANDB_RUN_GROUP", default=None, description="Group; sent as tag `group:G`.")
    wandb_job_type: str | None = _named(
        "WANDB_JOB_TYPE", "WANDB_RUN_JOB_TYPE", default=None, description="Job type; sent as tag `job_type:J`."
    )
    wandb_mode: str | None = _named(
        "WANDB_MODE", default=None, description="`online`, `offline` (also `dryrun`) or `disabled`."
    )
    wandb_dir: str | None = _named("WANDB_DIR", default=None, description="Folder that gets the `wandb/` folder.")
    wandb_resume: str | None = _named("WANDB_RESUME", default=None, description="`allow`, `must`, `never` or `auto`.")
    wandb_resume_from: str | None = _named("WANDB_RESUME_FROM", default=None, description="`ID?_step=N` to rewind to.")
    wandb_fork_from: str | None = _named("WANDB_FORK_FROM", default=None, description="`ID?_step=N` to fork from.")
    wandb_sweep_id: str | None = _named("WANDB_SWEEP_ID", default=None, description="Sweep that the run belongs to.")
    wandb_config_paths: str | None = _named(
        "WANDB_CONFIG_PATHS", default=None, description="YAML files with configuration defaults, separated by commas."
    )
    wandb_console: str | None = _named(
        "WANDB_CONSOLE",
        default=None,
        description="`off` keeps what the script prints out of the run, `redirect` also takes what children and C code "
        "print.",
    )
    wandb_silent: bool = _named("WANDB_SILENT", default=False, description="`true` prints nothing.")
    wandb_quiet: bool = _named("WANDB_QUIET", default=False, description="`true` prints errors and warnings only.")

    def __init__(self, **values: Any) -> None:
        """Take values by field, each of the type of its default.

        Raises:
            TypeError: there is no such field.
        """
        unknown = values.keys() - FIELDS.keys()
        if unknown:
            raise TypeError(f"there is no setting {', '.join(sorted(unknown))}")
        self.given = frozenset(values)  # the fields that are not by default
        for name, field in FIELDS.items():
            setattr(self, name, values.get(name, field.default))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and all(getattr(self, name) == getattr(other, name) for name in FIELDS)

    __hash__ = None  # type: ignore[assignment] # as of whatever compares by value and can change

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> tuple[Settings, list[str]]:
        """Return the settings of an environment and one sentence for each value that could not be used.

        An invalid value never stops a training run: the default is used instead.
        """
        texts: dict[str, tuple[str, str]] = {}  # variable and text of each field
        for variable, field in reversed(cls.variables().items()):
            if (text := environ.get(variable, "")).strip():
                texts[field] = variable, text
        remembered = login_choice.urls(credentials.in_environment(True, environ) is not None, environ)
        for variable, url in zip(login_choice.URL_VARIABLES, remembered, strict=False):
            if url:
                texts[variable.lower()] = variable, url
        values: dict[str, Any] = {}
        complaints = []
        for field, (variable, text) in texts.items():
            try:
                values[field] = FIELDS[field].parse(text)
            except ValueError as error:
                complaints.append(f"{variable}={text!r} is ignored: {error}; see docs/configuration.md")
        return cls(**values), complaints

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Return every variable that is read, with the name of the field that it fills."""
        return {name: field for field, variable in FIELDS.items() for name in variable.names}

    @property
    def urls(self) -> list[str | None]:
        """The base URLs of the Pluto server, as given; see `endpoints.resolve`."""
        return [self.pluto_url_app, self.pluto_url_api, self.pluto_url_ingest, self.pluto_url_py]

    def root(self, given: str | os.PathLike[str] | None = None) -> Path:
        """Return the folder that holds the `wandb/` folder: `dir=`, `WANDB_DIR`, `PLUTO_DIR`, else the working one."""
        return Path(given or self.wandb_dir or self.pluto_dir or Path.cwd())

    def project(self, given: str | None = None, run_project: str | None = None) -> str:
        """Return the Pluto project in the documented order; wandb's own default is `uncategorized`."""
        return self.pluto_project or given or self.wandb_project or run_project or "uncategorized"


FIELDS: dict[str, Variable] = {name: field for name, field in vars(Settings).items() if isinstance(field, Variable)}

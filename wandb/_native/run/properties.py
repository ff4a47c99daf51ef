"""The properties of a run: name, place, settings, configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from wandb._native.run.terminal import terminal_notifier
from wandb.errors import UsageError
from wandb.errors.term import termwarn
from wandb.sdk.wandb_config import Config, ConfigStatic
from wandb_compat.run.server_fields import server_tags
from wandb_compat.spool import records

if TYPE_CHECKING:
    from wandb._native.notebooks.status_line import StatusLine
    from wandb._native.run.run_settings import RunSettings
    from wandb._native.run.watch import RunWatch
    from wandb.integration.torch.wandb_torch import TorchHistory
    from wandb.sdk.wandb_settings import Settings
    from wandb_compat.pipeline.pipeline import Pipeline
    from wandb_compat.run.history import History

warn_once = partial(termwarn, repeat=False)
URL_TIMEOUT = 5.0  # seconds; the uploader takes 2 to 3 s to start and to create the run on a busy machine
_ORGANISATION = re.compile(r"/o/([^/]+)/")


class RunProperties:
    """The state of a run, and the properties that read and set it."""

    def __init__(self, settings: RunSettings, pipeline: Pipeline | None, first_step: int) -> None:
        """Prepare the state of a run that has not begun.

        Args:
            settings: complete settings; changed when a property is set.
            pipeline: takes the run's records; None for a run that logs nowhere.
            first_step: the step of the first row.
        """
        self._settings = settings
        self._pipeline = pipeline
        self._history: History
        self._watching: RunWatch
        self._config = Config()
        self._is_finished = False
        self._notifier = pipeline.notifier if pipeline is not None else terminal_notifier()
        self._starting_step = first_step
        self._status_line: StatusLine | None = None  # in a notebook
        self._url: str | None = None
        self._url_deadline: float | None = None  # monotonic time

    def _check_active(self, what: str) -> None:
        """Raise `wandb.UsageError` if the run is finished; `what` names the call."""
        if self._is_finished:
            raise UsageError(
                f"Run ({self.id}) is finished. The call to `{what}` will be ignored."
                " Please make sure that you are using an active run."
            )

    def _submit(self, record: records.Record, what: str) -> None:
        """Send a record; `what` names the call for the error of a finished run."""
        self._check_active(what)
        if self._pipeline is not None:
            self._pipeline.submit(record)

    def _send_wandb(self, values: dict[str, Any], what: str | None = None) -> None:
        """Send values of `config["wandb"]`."""
        self._submit(records.Config({"wandb": values}), what or next(iter(values)))

    @property
    def id(self) -> str:
        """The run's id."""
        return self._settings.run_id or ""

    @property
    def name(self) -> str | None:
        """The run's name; can be set.

        In Pluto: the name on Pluto's page is the last one given before the run is created there, some seconds after
        `wandb.init` or when an offline run is synced. A server cannot rename a run: a later name is kept in
        `config["wandb"]["name"]`, where `wandb.Api` reads it.
        """
        return self._settings.run_name

    @name.setter
    def name(self, name: str) -> None:
        self._settings.run_name = None if name is None else str(name)
        self._send_wandb({"name": self._settings.run_name})

    @property
    def notes(self) -> str | None:
        """Notes on the run; can be set."""
        return self._settings.run_notes

    @notes.setter
    def notes(self, notes: str) -> None:
        self._settings.run_notes = str(notes)
        self._send_wandb({"notes": self._settings.run_notes})

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's tags; can be set to a sequence of texts, or to one text for one tag."""
        return self._settings.run_tags or ()

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        if tags is None:
            raise TypeError("run.tags is None: set it to a sequence of texts, () for no tags")
        self._settings.run_tags = tags  # type: ignore[assignment] # the settings make a tuple of it
        self._submit(records.Tags(server_tags(self._settings, self._notifier)), "tags")

    @property
    def group(self) -> str:
        """The group that the run belongs to, or an empty text."""
        return self._settings.run_group or ""

    @property
    def job_type(self) -> str:
        """The kind of job, or an empty text."""
        return self._settings.run_job_type or ""

    @property
    def project(self) -> str:
        """The Pluto project."""
        return self._settings.project or ""

    @property
    def entity(self) -> str:
        """The wandb entity that the script names, else Pluto's organisation; may wait as `url`. Offline empty."""
        if self._settings.entity or self.disabled:
            return self._settings.entity or ""
        found = _ORGANISATION.search(self.url or "")
        return found[1] if found else ""

    @property
    def path(self) -> str:
        """Entity, project and id, joined by slashes; may wait as `url`."""
        return "/".join(part for part in (self.entity, self.project, self.id) if part)

    @property
    def url(self) -> str | None:
        """The run's page, or None when the run is offline or the server does not answer.

        The first use waits until the server has answered, URL_TIMEOUT seconds at most.
        """
        if self._url is None and self._pipeline is not None and not self._is_finished:
            self._url = self._await_url(self._pipeline)
        return self._url

    def _await_url(self, pipeline: Pipeline) -> str | None:
        if self._url_deadline is None:
            self._url_deadline = monotonic() + URL_TIMEOUT
        while (state := pipeline.status()).url is None:
            # Nothing comes while the server is away, or in a process that has no uploader.
            if not pipeline.online or state.phase == "waiting" or monotonic() >= self._url_deadline:
                return None
            sleep(0.02)
        return state.url

    @property
    def project_url(self) -> str | None:
        """The project's page, or None; may wait as `url`."""
        return self.url.rpartition("/")[0] if self.url else None

    @property
    def sweep_id(self) -> str | None:
        """The sweep that the run belongs to."""
        return self._settings.sweep_id

    @property
    def sweep_url(self) -> str | None:
        """None: Pluto has no page for a sweep."""
        return None

    @property
    def dir(self) -> str:
        """The folder for files of the run; it exists and can be written, unless the run is disabled."""
        return self._settings.files_dir

    @property
    def sync_dir(self) -> str:
        """The run's folder, the one that `wandb sync` takes."""
        return self._settings.sync_dir

    @property
    def step(self) -> int:
        """The step of the next row that is logged without one."""
        return self._history.step

    @property
    def starting_step(self) -> int:
        """The step of the run's first row: not 0 after a resume or a fork."""
        return self._starting_step

    @property
    def start_time(self) -> float:
        """When the run began, in seconds since the epoch."""
        return self._history.start

    _start_time = start_time  # scripts read wandb's private name

    @property
    def _torch(self) -> TorchHistory:
        return self._watching.torch  # scripts read its `_hook_handles`

    @property
    def config(self) -> Config:
        """The run's configuration."""
        return self._config

    @property
    def config_static(self) -> ConfigStatic:
        """A copy of the configuration that cannot be changed."""
        return ConfigStatic(self._config)

    @property
    def settings(self) -> Settings:
        """A copy of the run's settings: changing it has no effect."""
        copy: Settings = self._settings.model_copy()
        return copy

    @property
    def resumed(self) -> bool:
        """Whether the run continues an earlier one, as far as known."""
        if self._pipeline is not None and not self._is_finished:
            self._settings.resumed |= bool(self._pipeline.status().resumed)
        return self._settings.resumed

    @property
    def offline(self) -> bool:
        """Whether the run stays in the journal until `wandb sync`."""
        return self._settings._offline

    @property
    def disabled(self) -> bool:
        """Whether the run logs nowhere."""
        return self._settings._noop

    @property
    def mode(self) -> str:
        """`run`, `dryrun` or `disabled`, as wandb before 0.20 called the modes."""
        return "disabled" if self.disabled else "dryrun" if self.offline else "run"

    # Names that wandb 0.31 has lost and scripts still call

    def get_url(self) -> str | None:
        """Return `url`."""
        return self.url

    def get_project_url(self) -> str | None:
        """Return `project_url`."""
        return self.project_url

    def get_sweep_url(self) -> str | None:
        """Return `sweep_url`."""
        return self.sweep_url

    @staticmethod
    def plot_table(
        vega_spec_name: str,
        data_table: Any,
        fields: dict[str, Any],
        string_fields: dict[str, Any] | None = None,
        split_table: bool | None = False,
    ) -> Any:
        """Return `wandb.plot_table` of the arguments."""
        from wandb.plot import plot_table

        return plot_table(vega_spec_name, data_table, fields, string_fields, bool(split_table))

    def project_name(self) -> str:
        """Return `project`."""
        return self.project

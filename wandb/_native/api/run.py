"""A run that was read back."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from wandb._native.api import run_fields
from wandb._native.api.run_edit import RunChanges
from wandb._native.api.run_files import RunFiles
from wandb.apis.normalize import normalize_exceptions
from wandb.apis.public import history
from wandb.apis.public.summary import HTTPSummary
from wandb.errors import CommError
from wandb.errors.term import termerror, termwarn
from wandb_compat.artifacts.versions import RUN_ID
from wandb_compat.run.previous_run import TARGET
from wandb_compat.wire.display_ids import is_display_id, is_run_number

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader
    from wandb.apis.public.console_logs import ConsoleLogs
    from wandb.apis.public.history import HistoryScan
    from wandb.apis.public.runs import Runs
    from wandb.apis.public.sweeps import Sweep
    from wandb.apis.public.users import User

_WORD = re.compile(r"[\w-]+", re.ASCII)
# What only the details of a run tell, beside what the list of runs does.
HEAVY = [
    "name",
    "displayName",
    "state",
    "config",
    "rawconfig",
    "summaryMetrics",
    "notes",
    "heartbeatAt",
    "updatedAt",
    "projectId",
    "historyKeys",
]


class RunNotFoundError(CommError, ValueError):
    """There is no such run; real wandb raises either of the two that this is, depending on the call."""


class Run(RunChanges, RunFiles):
    """A run on the server.

    Example:
        >>> run = wandb.Api().run("demo/1a2b3c4d")
        >>> run.config["lr"], run.summary["loss"]
    """

    def __init__(
        self,
        service_api: Reader,
        entity: str | None,
        project: str,
        run_id: str,
        attrs: Mapping[str, Any] | None = None,
        include_sweeps: bool = False,
        lazy: bool = True,
        api_key: str | None = None,
    ) -> None:
        """Read a run; `Api.run` is the way for everybody else.

        Raises:
            RunNotFoundError: there is none of that id in the project.
        """
        number = find(service_api, project, run_id)
        if number is None:
            raise RunNotFoundError(f"Could not find run <Run {entity or ''}/{project}/{run_id} (not found)>")
        self._begin(service_api, entity, project, number, attrs or {})
        self._load_details()

    @classmethod
    def _listed(cls, runs: Runs, row: dict[str, Any]) -> Run:
        """Return a run of a list, with what the list tells of it."""
        run = cls.__new__(cls)
        run._begin(runs._reader, runs._entity, runs.project, row["id"], run_fields.from_listing(row))
        return run

    def _begin(self, reader: Reader, entity: str | None, project: str, number: int, attrs: Mapping[str, Any]) -> None:
        super().__init__(attrs)
        self._reader = self._service_api = reader
        self._entity = entity
        self.project = project
        self.number = number  # Pluto's
        self._details: dict[str, Any] | None = None
        self._summary: HTTPSummary | None = None
        self._remember()

    # Reading

    @normalize_exceptions
    def _load_details(self) -> dict[str, Any]:
        if self._details is None:
            self._details = self._reader.get_run(self.project, self.number)
            changed = {
                key: one for key, one in self._attrs.items() if key not in self._saved or self._saved[key] != one
            }
            self._attrs = run_fields.from_details(self._details)
            self._remember()
            self._attrs |= changed
        return self._details

    def load(self, force: bool = False) -> dict[str, Any]:
        """Return wandb's attributes of the run, with `force` as they are on the server now."""
        if force:
            self._details = self._summary = None
            self._attrs, self._saved = {}, {}
        self._load_details()
        return self._attrs

    load_full_data = load

    def __getattr__(self, name: str) -> Any:
        heavy = not name.startswith("_") and {name, self.snake_to_camel(name)} & {*HEAVY}
        if heavy and self._details is None:
            self._load_details()
        return super().__getattr__(name)

    def _attribute(self, name: str) -> Any:
        if name not in self._attrs:
            self._load_details()
        return self._attrs.get(name)

    @property
    def id(self) -> str:
        """wandb's id of the run; of a run of Pluto's own client, its external or display id."""
        return str(self._attribute("name"))

    @property
    def storage_id(self) -> str:
        """Pluto's number of the run, as text."""
        return str(self.number)

    @property
    def name(self) -> str | None:
        """The run's name; can be set, and `update()` sends it."""
        return self._attribute("displayName")  # type: ignore[no-any-return]

    @name.setter
    def name(self, name: str) -> None:
        self._attrs["displayName"] = name

    display_name = name

    @property
    def state(self) -> str:
        """running, finished, failed, crashed, killed, preempting or preempted, when it was read."""
        return str(self._attribute("state"))

    @property
    def entity(self) -> str:
        """The entity in the path that was asked for, or the run's own, or the organisation."""
        return self._entity or self._own_entity() or self._reader.organization

    username = entity

    def _own_entity(self) -> str | None:
        return run_fields.about_of(self._load_details().get("config") or {}).get("entity")

    @property
    def tags(self) -> list[str]:
        """The tags; can be changed, and `update()` sends them. Group, job type and sweep are not among them."""
        return self._attrs["tags"]  # type: ignore[no-any-return]

    @tags.setter
    def tags(self, tags: Collection[str]) -> None:
        self._attrs["tags"] = list(tags)

    @property
    def group(self) -> str | None:
        """The group, or None; can be set, and `update()` sends it."""
        return self._attrs.get("group")

    @group.setter
    def group(self, group: str | None) -> None:
        self._attrs["group"] = group

    @property
    def job_type(self) -> str | None:
        """The kind of job, or None; can be set, and `update()` sends it."""
        return self._attrs.get("jobType")

    @job_type.setter
    def job_type(self, job_type: str | None) -> None:
        self._attrs["jobType"] = job_type

    @property
    def notes(self) -> str | None:
        """The notes, or None; can be set, and `update()` sends them."""
        return self._attribute("notes")  # type: ignore[no-any-return]

    @notes.setter
    def notes(self, notes: str) -> None:
        self._attrs["notes"] = notes

    @property
    def config(self) -> dict[str, Any]:
        """The configuration; can be changed, and `update()` sends what is new."""
        self._load_details()
        return self._attrs["config"]  # type: ignore[no-any-return]

    @config.setter
    def config(self, config: dict[str, Any]) -> None:
        self._load_details()
        self._attrs["config"] = config

    @property
    def rawconfig(self) -> dict[str, Any]:
        """The configuration as it was read."""
        self._load_details()
        return self._attrs["rawconfig"]  # type: ignore[no-any-return]

    @property
    def json_config(self) -> str:
        """The configuration as JSON, in wandb's form with `value` and `desc`."""
        return json.dumps({key: {"value": value, "desc": None} for key, value in self.config.items()})

    @property
    def summary(self) -> HTTPSummary:
        """The summary: values by key, nested dicts inside. Changes are sent by `summary.update()` or `update()`."""
        if self._summary is None:
            self._summary = HTTPSummary(self, self.summary_metrics)
        return self._summary

    @property
    def summary_metrics(self) -> dict[str, Any]:
        """The summary as a dict; of a run of Pluto's own client, the last value of each metric."""
        self._load_details()
        if "summaryMetrics" not in self._attrs:
            last = self._reader.statistics(self.project, self.number)
            self._attrs["summaryMetrics"] = {
                one["logName"]: one["last"]["value"] for one in last if not one["logName"].startswith(history.MACHINE)
            }
            self._saved["summaryMetrics"] = dict(self._attrs["summaryMetrics"])
        return self._attrs["summaryMetrics"]  # type: ignore[no-any-return]

    @property
    def system_metrics(self) -> dict[str, float]:
        """The last value of each measurement of the machine."""
        last = self._reader.statistics(self.project, self.number, group="sys")
        return {f"system.{one['logName'].removeprefix(history.MACHINE)}": one["last"]["value"] for one in last}

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What is known of machine and program: host, os, python, args, git…"""
        told = self._load_details().get("systemMetadata") or {}
        return {key: one for key, one in told.items() if key not in (RUN_ID, TARGET)} or None

    @property
    def user(self) -> User:
        """Who ran it, by the name on that machine."""
        from wandb.apis.public.users import User

        return User(self._reader, self._attribute("user") or {"username": None})

    @property
    def lastHistoryStep(self) -> int:
        """The highest step at which a number was logged, or -1."""
        return history.last_step(self)

    @property
    def path(self) -> list[str]:
        """Entity, project and id, fit for a URL."""
        return [quote(part, safe="") for part in (self.entity, self.project, self.id)]

    @property
    def url(self) -> str:
        """The run's page."""
        told = self._load_details().get("url")
        if not told:  # only some answers of a Pluto server have it
            query = {"runId": self.number, "projectName": self.project}
            told = self._reader._get("/api/runs/statistics", params=query)["url"]
        return str(told)

    @property
    def sweep_name(self) -> str | None:
        """The id of the sweep that the run belongs to, or None."""
        return self._attrs.get("sweepName")

    @property
    def sweep(self) -> Sweep | None:
        """The sweep that the run belongs to, or None."""
        from wandb.apis.public.sweeps import Sweep

        return Sweep(self._reader, self._entity, self.project, self.sweep_name) if self.sweep_name else None

    def _began(self) -> float:
        return history.timestamp(self._attrs["createdAt"])

    def _log_types(self) -> dict[str, str]:
        return {one["logName"]: one["logType"] for one in self._load_details().get("logNames") or []}

    # History

    @normalize_exceptions
    def history(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
        stream: Literal["default", "system"] = "default",
    ) -> Any:
        """Return rows of the history, evenly thinned.

        Args:
            samples: rows at most.
            keys: give only rows that have all of these, and of them only these and the x axis.
            x_axis: the metric that is the x axis.
            pandas: return a DataFrame, where pandas is installed; else a list of dicts.
            stream: `system` for what was measured of the machine.
        """
        if keys is not None and not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
            termerror("keys must be specified in a list of strings")
            return []
        if keys and stream != "default":
            termerror("stream must be default when specifying keys")
            return []
        system = stream == "system"
        rows = history.machine(self, samples) if system else history.sampled(self, samples, keys or None, x_axis)
        if not pandas:
            return rows
        try:
            import pandas as frames
        except ImportError:
            termwarn("Unable to load pandas, call history with pandas=False")
            return rows
        return frames.DataFrame.from_records(rows)

    def scan_history(
        self,
        keys: list[str] | None = None,
        page_size: int = 1000,
        min_step: int = 0,
        max_step: int | None = None,
        use_cache: bool = True,
    ) -> HistoryScan:
        """Return every row of the history, read as it is asked for.

        Args:
            keys: give only rows that have all of these, and of them only these.
            page_size: steps to read at a time.
            min_step: the first step.
            max_step: the step after the last.
            use_cache: without effect, accepted: the rows come from the server each time.

        Raises:
            ValueError: `keys` is no list of texts.
        """
        if keys is not None and not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
            raise ValueError("keys must be specified in a list of strings")
        return history.HistoryScan(self, keys=keys or None, min_step=min_step, max_step=max_step, page_size=page_size)

    beta_scan_history = scan_history

    def console_logs(self, *, per_page: int = 1000, last: int | None = None) -> ConsoleLogs:
        """Return the lines that the run printed.

        Args:
            per_page: lines to read at a time.
            last: give only so many of the last lines.
        """
        from wandb.apis.public.console_logs import ConsoleLogs

        return ConsoleLogs(self._reader, self, per_page, last)

    # Showing

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return a frame with the run's page."""
        style = f"border:none;width:100%;height:{height}px;" + ("display:none;" if hidden else "")
        return f'<iframe src="{self.url}" style="{style}"></iframe>'

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self.state})>"


def find(reader: Reader, project: str, id: str) -> int | None:
    """Return Pluto's number of a run by wandb's id, also of a migrated run; else by its number or display id."""
    rows, _ = reader.page(project, {f"systemMetadata.{RUN_ID}": id}, "-createdAt", 1)
    if not rows and _WORD.fullmatch(id):
        rows, _ = reader.page(project, {"config.wandb.url": {"$regex": f"/runs/{id}$"}}, "-createdAt", 1)
    if rows:
        return int(rows[0]["id"])
    if not (is_run_number(id) or is_display_id(id)):
        return None
    from wandb._native.api.connection import status_of

    try:
        found = reader.get_run(project, int(id) if id.isdecimal() else id)
    except CommError as error:
        if status_of(error) in (400, 404):
            return None
        raise
    return int(found["id"]) if found.get("projectName") == project else None

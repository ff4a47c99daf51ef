"""Attributes of a run that was read back: names, tags, config, summary and state."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Mapping
from time import sleep, time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from wandb._native.api import run_fields
from wandb._native.run import recent_runs
from wandb.apis import public
from wandb.apis.attrs import Attrs
from wandb.apis.normalize import normalize_exceptions
from wandb.apis.public import history
from wandb.apis.public.summary import HTTPSummary
from wandb_compat.run.identity import RUN_ID, TARGET
from wandb_compat.wire.names import is_machine_metric

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader
    from wandb.apis.public.sweeps import Sweep
    from wandb.apis.public.users import User

# Fields that only the details of a run have, and not the list of runs.
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


STORED_POLL = 0.25  # seconds between two checks whether the last rows can be read


class RunAttributes(Attrs):
    """State of a run that was read back; attributes that need the run's details read them at first use."""

    def _begin(self, reader: Reader, entity: str | None, project: str, number: int, attrs: Mapping[str, Any]) -> None:
        super().__init__(attrs)
        self._reader = self._service_api = reader
        self._entity = entity
        self.project = project
        self.number = number  # Pluto's
        self._details: dict[str, Any] | None = None
        self._summary: HTTPSummary | None = None
        self._awaits_rows = True
        self._remember()

    def _remember(self) -> None:
        """Keep what the server has, to send only what was changed."""
        self._saved = copy.deepcopy(self._attrs)

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
            self._await_stored_rows()
            last = self._reader.statistics(self.project, self.number)
            self._attrs["summaryMetrics"] = {
                one["logName"]: one["last"]["value"] for one in last if not is_machine_metric(one["logName"])
            }
            self._saved["summaryMetrics"] = dict(self._attrs["summaryMetrics"])
        return self._attrs["summaryMetrics"]  # type: ignore[no-any-return]

    @property
    def system_metrics(self) -> dict[str, float]:
        """The last value of each measurement of the machine."""
        last = self._reader.statistics(self.project, self.number, group="sys")
        return {
            f"system.{one['logName'].removeprefix(history.MACHINE)}": one["last"]["value"]
            for one in last
            if is_machine_metric(one["logName"])
        }

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What is known of machine and program: host, os, python, args, git…"""
        metadata = self._load_details().get("systemMetadata") or {}
        return {key: one for key, one in metadata.items() if key not in (RUN_ID, TARGET)} or None

    @property
    def user(self) -> User:
        """Who ran it, by the name on that machine."""
        return public.User(self._reader, self._attribute("user") or {"username": None})

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
        url = self._load_details().get("url")
        if not url:  # only some answers of a Pluto server have it
            url = self._reader.run_url(self.project, self.number)
        return str(url)

    @property
    def sweep_name(self) -> str | None:
        """The id of the sweep that the run belongs to, or None."""
        return self._attrs.get("sweepName")

    @property
    def sweep(self) -> Sweep | None:
        """The sweep that the run belongs to, or None."""
        return public.Sweep(self._reader, self._entity, self.project, self.sweep_name) if self.sweep_name else None

    def _await_stored_rows(self) -> None:
        """Wait for the last rows of a run that ended on this machine a moment ago, once and with a bound.

        A Pluto server acknowledges rows some seconds before they can be read.
        """
        if self._awaits_rows:
            self._awaits_rows = False
            until = recent_runs.storing_until(self.id, self.number)
            while until is not None and time() < until and not self._has_last_rows():
                sleep(STORED_POLL)

    def _has_last_rows(self) -> bool:
        types = {kind for name, kind in self._log_types().items() if not is_machine_metric(name)}
        last = run_fields.about_of(self._load_details().get("config") or {}).get("summary", {}).get("_step", 0)
        if "METRIC" in types and history.last_step(self) < last:
            return False
        return not types & {*history.MEDIA_KINDS, "ARTIFACT"} or bool(self._reader.get_files(self.project, self.number))

    def _began(self) -> float:
        return history.timestamp(self._attrs["createdAt"])

    def _log_types(self) -> dict[str, str]:
        return {one["logName"]: one["logType"] for one in self._load_details().get("logNames") or []}

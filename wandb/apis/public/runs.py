"""Runs that are read back: one, and those of a project."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep, time
from typing import TYPE_CHECKING, Any, Literal, NoReturn
from urllib.parse import quote

from wandb.apis.attrs import Attrs
from wandb.apis.normalize import normalize_exceptions
from wandb.apis.paginator import SizedPaginator
from wandb.apis.public import filters as filtering
from wandb.apis.public import history, run_document
from wandb.apis.public.refused import Refused, method, refuse
from wandb.apis.public.summary import HTTPSummary
from wandb.errors import CommError
from wandb.errors.term import termerror, termwarn
from wandb_compat.artifacts import READERS, RUN_ID, place
from wandb_compat.earlier import TARGET

if TYPE_CHECKING:
    from wandb.apis.public.artifacts import RunArtifacts
    from wandb.apis.public.console_logs import ConsoleLogs
    from wandb.apis.public.files import File, Files
    from wandb.apis.public.reader import Reader
    from wandb.apis.public.sweeps import Sweep
    from wandb.apis.public.users import User
    from wandb.sdk.artifacts.artifact import Artifact

LOOK = 5.0  # seconds between two looks at a run that is waited for
_WORD = re.compile(r"[\w-]+", re.ASCII)
_NUMBERED = re.compile(r"[0-9]{1,18}|[A-Z0-9]{1,4}-[0-9]+")
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


class Runs(SizedPaginator["Run"]):
    """The runs of a project that a filter takes, read a page at a time; see `Api.runs`.

    The list of runs tells tags, group, job type, sweep, creation and most states. What else is asked of a run costs one
    request for that run, or none with `lazy=False`, which reads a page's runs at once.
    """

    def __init__(
        self,
        service_api: Reader,
        entity: str | None,
        project: str,
        filters: dict[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = False,
        lazy: bool = True,
        api_key: str | None = None,
    ) -> None:
        """List runs; the arguments are those of `Api.runs`.

        Raises:
            ValueError: the filter or the order cannot be understood.
        """
        super().__init__(per_page)
        self._reader = service_api
        self._entity = entity
        self.project = project
        self.filters = filters or {}
        self.order = order or "+created_at"
        self._include_sweeps = include_sweeps
        self._lazy = lazy
        self._plan = filtering.plan(self.filters)
        sort, placed = filtering.sort_of(self.order)
        # A run without the value that decides the order is left out by the server: such runs follow.
        self._queries = [(sort, placed)] + ([("-createdAt", {"$not": placed})] if placed else [])
        self._query = 0  # which of them is being read, and where
        self._offset = 0
        self._totals: dict[int, int] = {}

    @property
    def entity(self) -> str:
        """The entity that was asked for; without meaning in Pluto, whose key leads to one organisation."""
        return self._entity or self._reader.organization

    @property
    def _length(self) -> int:
        if not self._plan.exact:  # what is decided here has to be read
            return len(self._load_all())
        if not self._totals:
            self._load_page()
        for query in range(len(self._queries)):
            if query not in self._totals:
                self._totals[query] = self._ask(query, 1, 0)[1]
        return sum(self._totals.values())

    def _ask(self, query: int, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        sort, placed = self._queries[query]
        conditions = [one for one in (self._plan.server, placed) if one]
        filters = {"$and": conditions} if len(conditions) > 1 else conditions[0] if conditions else None
        return self._reader.page(self.project, filters, sort, limit, offset)

    def _read(self) -> list[Run]:
        rows, total = self._ask(self._query, self.per_page, self._offset)
        self._totals[self._query] = total
        self._offset += len(rows)
        if not rows or self._offset >= total:
            self._query, self._offset = self._query + 1, 0
            self._done = self._query == len(self._queries)
        if self._done and not rows and not self.objects:
            self._check_project()
        found = [Run._listed(self, row) for row in rows]
        if not self._lazy:
            list(self._at_once(Run._load_details, found))
        if self._plan.exact:
            return found
        kept = self._at_once(lambda run: filtering.matches(self.filters, run), found)
        return [run for run, keep in zip(found, kept, strict=True) if keep]

    def _at_once(self, do: Any, found: list[Run]) -> list[Any]:
        with ThreadPoolExecutor(READERS, thread_name_prefix="wandb-compat-runs") as readers:
            return list(readers.map(do, found))

    def _check_project(self) -> None:
        if all(project["name"] != self.project for project in self._reader.list_projects()):
            raise ValueError(f"Could not find project {self.project}")

    def histories(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        format: Literal["default", "pandas", "polars"] = "default",
        stream: Literal["default", "system"] = "default",
    ) -> Any:
        """Return the sampled history of every run, with the run's id in `run_id`.

        Args:
            samples: rows of each run at most.
            keys: give only rows that have all of these.
            x_axis: the metric that is the x axis.
            format: `default` for a list of dicts, else a DataFrame of `pandas` or `polars`, columns in order.
            stream: `system` for what was measured of the machines.

        Raises:
            ValueError: there is no such format.
        """
        if format not in ("default", "pandas", "polars"):
            raise ValueError(f"Invalid format: {format}. Must be one of 'default', 'pandas', 'polars'")
        rows = [
            {**row, "run_id": run.id}
            for run in self
            for row in run.history(samples, keys, x_axis, pandas=False, stream=stream)
        ]
        if format == "default":
            return rows
        columns = sorted({key for row in rows for key in row})
        if format == "pandas":
            import pandas

            return pandas.DataFrame.from_records(rows, columns=columns)
        import polars

        return polars.DataFrame(rows, infer_schema_length=None).select(columns)

    def upgrade_to_full(self) -> None:
        """Read the details of all runs that have been listed, and of those that will be."""
        self._lazy = False
        self._at_once(Run._load_details, self.objects)

    def __repr__(self) -> str:
        return f"<Runs {self.entity}/{self.project}>"


class AgentRuns(Refused):
    """Refused: Pluto does not know which agent has started a run."""

    instead = "an agent leaves its runs and no trace of its own; read sweep.runs"


class Run(Attrs):
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
        run._begin(runs._reader, runs._entity, runs.project, row["id"], run_document.from_listing(row))
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
            self._attrs = run_document.from_details(self._details)
            self._remember()
            self._attrs |= changed
        return self._details

    def _remember(self) -> None:
        """Keep what the server has, to send only what was changed."""
        self._saved = copy.deepcopy(self._attrs)

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
        return run_document.about_of(self._load_details().get("config") or {}).get("entity")

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
    ) -> history.HistoryScan:
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

    # Files and artifacts

    def files(self, names: list[str] | None = None, pattern: str | None = None, per_page: int = 50) -> Files:
        """Return the files of the run: saved ones, media, and those that wandb makes of config, summary and console.

        Args:
            names: of the files wanted; all by default.
            pattern: as SQL's LIKE has it: `%` for any text, `_` for any letter.
            per_page: without much effect: Pluto lists a run's files at once.
        """
        from wandb.apis.public.files import Files

        return Files(self._reader, self, names or [], per_page, pattern=pattern)

    @normalize_exceptions
    def file(self, name: str) -> File:
        """Return a file by name; whether it is there shows `download`."""
        from wandb.apis.public import files

        return files.named(self, name)

    @normalize_exceptions
    def upload_file(self, path: str | os.PathLike[str], root: str | os.PathLike[str] = ".") -> File:
        """Add a file of this machine to the run.

        Args:
            path: of the file.
            root: the folder from which on the path becomes the file's name.

        Raises:
            wandb.CommError: there is no such file, or the server does not take it.
        """
        from pluto.query import QueryError

        name = Path(os.path.relpath(path, root)).as_posix()
        key, _ = place("save", name)
        caption = name if key != f"save/{name}" else None
        try:
            self._reader.upload_file(self.project, self.number, key, path, step=0, caption=caption)
        except QueryError as error:
            raise CommError(str(error), error) from error
        return self.file(name)

    def _listed_files(self) -> list[dict[str, Any]]:
        """Return what the server lists of the run's files; past its bound, key by key."""
        from wandb.apis.public.reader import FILES

        found = self._reader.get_files(self.project, self.number)
        if len(found) >= FILES:
            keys = {*self._log_types(), *(file["logName"] for file in found)} - {*self._metric_keys()}
            found = [file for key in sorted(keys) for file in self._reader.get_files(self.project, self.number, key)]
        return list(found)

    def _metric_keys(self) -> Iterator[str]:
        return (name for name, kind in self._log_types().items() if kind == "METRIC")

    def logged_artifacts(self, per_page: int = 100) -> RunArtifacts:
        """Return the artifact versions that the run has logged."""
        from wandb.apis.public.artifacts import RunArtifacts

        return RunArtifacts(self._reader, self, "logged", per_page)

    def used_artifacts(self, per_page: int = 100) -> RunArtifacts:
        """Return the artifact versions that the run has used."""
        from wandb.apis.public.artifacts import RunArtifacts

        return RunArtifacts(self._reader, self, "used", per_page)

    @normalize_exceptions
    def use_artifact(self, artifact: Artifact, use_as: str | None = None) -> Artifact:
        """Note that the run has used an artifact, one that `Api.artifact` has returned.

        Raises:
            ValueError: it is none, or not logged yet.
        """
        from wandb.apis.public import artifacts

        artifacts.check_logged(artifact, "use_artifact")
        self._send({"used_artifacts": {artifact.name: artifact.type}})
        return artifact

    @normalize_exceptions
    def log_artifact(
        self, artifact: Artifact, aliases: Collection[str] | None = None, tags: Collection[str] | None = None
    ) -> Artifact:
        """Note that the run has logged a version that is there already, one that `Api.artifact` has returned.

        Args:
            artifact: of the run's project.
            aliases: for the version.
            tags: for the version.

        Raises:
            TypeError: it is no artifact.
            ValueError: it is not logged yet, or of another project.
        """
        from wandb.apis.public import artifacts

        return artifacts.log_again(self, artifact, aliases, tags)

    # Changing

    @normalize_exceptions
    def update(self) -> None:
        """Send what was changed: config, tags, group, job type, name, notes and summary.

        A key that was removed from the config stays on the server, which only adds and replaces.
        """
        self._load_details()
        config, saved = self.config, self._saved["config"]
        changed = {key: one for key, one in config.items() if key not in saved or saved[key] != one}
        if gone := [key for key in saved if key not in config]:
            termwarn(f"Pluto keeps keys of a config: {', '.join(gone)} cannot be removed and stay in the run.")
        about = {}
        for name, attribute in (("name", "displayName"), ("notes", "notes")):
            if self._attrs.get(attribute) != self._saved.get(attribute):
                about[name] = self._attrs[attribute]
        if changed or about:
            self._send(about, changed)
        marks = {kind: self._attrs.get(name) for kind, name in run_document.MARKS.items()}
        if any(self._attrs.get(name) != self._saved.get(name) for name in ("tags", *run_document.MARKS.values())):
            self._send_tags([*[f"{kind}:{value}" for kind, value in marks.items() if value], *self.tags])
        self._send_summary()
        self._attrs["rawconfig"] = dict(config)
        self._remember()

    save = update

    def _send(self, about: dict[str, Any], config: dict[str, Any] | None = None) -> None:
        from wandb_compat.convert import plain
        from wandb_compat.wire.models import document

        values = plain(config or {})
        if about:
            theirs = values.get("wandb")
            values["wandb"] = {**(theirs if isinstance(theirs, dict) else {}), **about}
        self._reader.wire.update_config(self.number, document(values))

    def _send_tags(self, tags: list[str]) -> None:
        from wandb_compat.wire import models

        self._reader.wire.update_tags(self.number, models.tags(tags))

    @normalize_exceptions
    def _send_summary(self) -> None:
        if self._summary is None:
            return
        from wandb_compat.server_text import published_summary

        now, saved = self._attrs["summaryMetrics"], self._saved.get("summaryMetrics", {})
        changed = {key: one for key, one in now.items() if key not in saved or saved[key] != one}
        told = published_summary(run_document.without_folders(changed))
        told |= dict.fromkeys(self._summary._deleted)  # a server keeps keys; null stands for none
        if told:
            self._send({"summary": told})
        self._summary._deleted.clear()
        self._saved["summaryMetrics"] = copy.deepcopy(now)

    @normalize_exceptions
    def wait_until_finished(self) -> None:
        """Wait until the run is over; `state` tells how it ended."""
        while self.load(force=True)["state"] not in run_document.ENDED:
            sleep(LOOK)

    @normalize_exceptions
    def update_state(self, state: str) -> bool:
        """Set the state of a run that is lost to `failed`.

        Raises:
            wandb.UsageError: it is another state: Pluto has no runs that wait to begin.
        """
        if state != "failed":
            refuse(f"Run.update_state({state!r})", "a run can be marked as failed; it begins with wandb.init")
        told = {"type": "Exit", "message": "marked as failed through wandb.Api"}
        self._reader.wire.set_status(self.number, "FAILED", int(time() * 1000), told)
        self.load(force=True)
        return self._load_details()["status"] == "FAILED"

    def delete(self, delete_artifacts: bool = False) -> NoReturn:
        """Refused: Pluto has no call that deletes a run.

        Raises:
            wandb.UsageError: always.
        """
        refuse("Run.delete()", f"delete the run on its page, {self.url}")

    def stop(self) -> NoReturn:
        """Refused: a key cannot stop a run.

        Raises:
            wandb.UsageError: always.
        """
        refuse("Run.stop()", f"stop the run on its page, {self.url}")

    download_history_exports = method(
        "Run.download_history_exports()", "it writes no Parquet files; scan_history() reads every row"
    )

    @classmethod
    def create(
        cls,
        api: Any,
        run_id: str | None = None,
        project: str | None = None,
        entity: str | None = None,
        state: Literal["running", "pending"] = "running",
    ) -> Run:
        """Make a run on the server without logging anything; see `Api.create_run`."""
        return api._create_run(run_id=run_id, project=project, entity=entity, state=state)  # type: ignore[no-any-return]

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
    if not _NUMBERED.fullmatch(id):
        return None
    from wandb.apis.public.reader import status_of

    try:
        found = reader.get_run(project, int(id) if id.isdecimal() else id)
    except CommError as error:
        if status_of(error) in (400, 404):
            return None
        raise
    return int(found["id"]) if found.get("projectName") == project else None

"""Reads runs of a server over its query routes, as far as they go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints
from wandb_compat.wire.errors import Refused
from wandb_compat.wire.json_numbers import raw_number
from wandb_compat.wire.names import project_name
from wandb_compat.wire.run_content import DamagedRun, FileEntry, Line, Mark, RunFields

LINES = 10_000  # console lines in one answer
FILES = 1000  # files in one answer
LAST_STEP = 2**63 - 1
# What the real server has no route for; the embedded server has one.
EMBEDDED = {"data": "texts, histograms and tables", "alerts": "alerts", "modelGraph": "model graphs"}
MASK = "mask"  # type of a file that belongs to a picture
SINGLE = ("artifacts/", "save/")  # how the keys of files begin that are never in a list
# What no server gives back.
NEVER = ("notes that are not in the configuration", "earlier changes of a status")


class QueryClient(Client):
    """A client that also asks what only a reader of whole runs needs."""

    def projects(self) -> list[str]:
        """Return the names of the projects, a thousand at most."""
        return [str(project["name"]) for project in self._get("/api/runs/projects", {}).get("projects", [])]

    def metric_names(self, run: int, project: str) -> list[str]:
        """Return the names of a run's metrics, 500 at most."""
        query = {"projectName": project_name(project), "runIds": run}
        return [str(name) for name in self._get("/api/runs/metric-names", query).get("metricNames", [])]

    def embedded(self, route: str, run: int, project: str) -> dict[str, Any] | None:
        """Return the answer of a route that only embedded servers have, None from another server."""
        try:
            return self._get(f"/api/embedded/{route}", {"runId": run, "projectName": project_name(project)})
        except Refused:
            return None


class ServerReader:
    """The runs of projects of a server; a `wire.run_content.RunReader`. May be used by several threads.

    `lacks` is complete once `runs` has been read: whether a server has a route shows with its first run.
    """

    def __init__(self, endpoints: Endpoints, key: str, projects: tuple[str, ...] = ()) -> None:
        """Prepare.

        Args:
            endpoints: of the server.
            key: its key.
            projects: the projects; all of them when empty.
        """
        self.lacks: list[str] = []
        self._client = QueryClient(endpoints, key)
        self._projects = projects
        self._details: dict[int, dict[str, Any]] = {}
        self._urls: dict[tuple[int, str, str], str] = {}  # by run, key and name of a file

    def runs(self) -> Iterator[RunFields | DamagedRun]:
        """Yield all runs of each project in the order of their numbers, and what is wrong with the unreadable ones."""
        first = True
        for project in self._projects or self._client.projects():
            for number in sorted(self._client.runs(project)):
                try:
                    yield self.fields(number, project)
                except (KeyError, TypeError, ValueError, Refused) as error:
                    yield DamagedRun(f"{self._client.endpoints.api}: run {number} of {project}: {error!r}")
                    continue
                if first:
                    missing = [words for route, words in EMBEDDED.items() if self._embedded(route, number) is None]
                    self.lacks += [*missing, *NEVER]
                    first = False

    def fields(self, number: int, project: str) -> RunFields:
        """Return one run.

        Raises:
            WireError: the server did not answer.
            ValueError, KeyError, TypeError: its answer is not understood.
        """
        found = self._details[number] = self._client.details(number, project)
        ended = found.get("statusUpdated")
        return RunFields(
            number=number,
            project=str(found.get("projectName") or project),
            id=str(found.get("externalId") or ""),
            display_id=str(found.get("displayId") or number),
            name=str(found["name"]),
            status=str(found["status"]),
            created=_milliseconds(found["createdAt"]),
            ended=_milliseconds(ended) if ended else None,
            version=f"{found['status']} {found.get('updatedAt')} {ended}",
            tags=[str(tag) for tag in found.get("tags") or []],
            config=_object(found.get("config")),
            metadata=_object(found.get("systemMetadata")),
            settings=_object(found.get("loggerSettings")),
            reason=_object(found.get("statusMetadata")) or None,
            parent=found.get("forkedFromRunId"),
            fork_step=found.get("forkStep"),
        )

    def mark(self, number: int) -> Mark:
        """Return nothing: a server is read as a whole each time."""
        return {}

    def keys(self, number: int) -> list[tuple[str, str]]:
        """Return the registered keys of a run, a thousand at most, and the type of each."""
        return [(str(one["logName"]), str(one["logType"])) for one in self._details[number].get("logNames") or []]

    def rows(self, number: int) -> Iterator[Line]:
        """Yield the numbers of a run, one metric after the other."""
        with self._named(number):
            project = self._project(number)
            names = {*self._client.metric_names(number, project)}
            names |= {name for name, kind in self.keys(number) if kind == "METRIC"}
            for name in sorted(names):
                for row in self._client.raw_rows(number, project, name, 0, LAST_STEP):
                    time, step = _milliseconds(row["time"]), int(row["step"])
                    yield {"time": time, "step": step, "data": {name: raw_number(row)}}

    def values(self, number: int, after: Mark) -> Iterator[Line]:
        """Yield texts, histograms, tables and other documents, where the server gives them back."""
        with self._named(number):
            for one in (self._embedded("data", number) or {}).get("data", []):
                values = {name: one[name] for name in ("step", "dataType", "logName", "data")}
                yield {"time": _milliseconds(one["time"]), **values}

    def console(self, number: int, after: Mark) -> Iterator[Line]:
        """Yield the console lines."""
        with self._named(number):
            offset, total = 0, 1
            while offset < total:
                lines, total = self._client.console(number, self._project(number), LINES, offset)
                for one in lines:
                    values = {name: one[name] for name in ("message", "lineNumber", "logType")}
                    yield {"time": _milliseconds(one["time"]), **values}
                if not lines:
                    return
                offset += len(lines)

    def files(self, number: int, after: Mark) -> Iterator[FileEntry]:
        """Yield the files; those of a list get their places from the order in which the server lists them."""
        with self._named(number):
            listed = self._listed(number)
            for one, place in zip(listed, _places(listed), strict=True):
                key, name = str(one["logName"]), str(one["fileName"])
                self._urls[number, key, name] = str(one["url"])
                time, step = _milliseconds(one["time"]), int(one["step"])
                about = one.get("caption"), one.get("annotations")
                yield FileEntry(key, name, str(one["fileType"]), time, step, place, *about)

    def _listed(self, number: int) -> list[dict[str, Any]]:
        """Return all entries of a run's files; past what one answer holds, key by key."""
        project = self._project(number)
        found = self._client.files(number, project)
        if len(found) < FILES:
            return found
        keys = {str(one["logName"]) for one in found} | {name for name, kind in self.keys(number) if kind != "METRIC"}
        return [file for key in sorted(keys) for file in self._client.files(number, project, logName=key)]

    def fetch(self, number: int, file: FileEntry, folder: Path) -> Path | None:
        """Download a file into a folder; return its path, None if its bytes were never uploaded."""
        path = folder / f"fetched-{uuid4().hex}"
        try:
            with self._named(number):
                self._client.download(self._urls[number, file.key, file.name], path)
        except FileNotFoundError:
            return None
        return path

    def alerts(self, number: int) -> list[Mapping[str, Any]]:
        """Return the alerts, where the server gives them back."""
        with self._named(number):
            found = (self._embedded("alerts", number) or {}).get("alerts", [])
            return [{**one, "time": _milliseconds(one["time"])} for one in found]

    def graph(self, number: int) -> Mapping[str, Any] | None:
        """Return the graph of the model, None without one or where the server does not give it back."""
        with self._named(number):
            found = (self._embedded("modelGraph", number) or {}).get("graph")
            return found if isinstance(found, dict) else None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _embedded(self, route: str, number: int) -> dict[str, Any] | None:
        return self._client.embedded(route, number, self._project(number))

    def _project(self, number: int) -> str:
        return str(self._details[number].get("projectName"))

    @contextmanager
    def _named(self, number: int) -> Iterator[None]:
        """Name the run of which something cannot be read."""
        try:
            yield
        except (Refused, KeyError, TypeError, ValueError) as error:
            raise DamagedRun(f"{self._client.endpoints.api}: run {number}: {error}") from error


def _places(listed: list[dict[str, Any]]) -> list[int]:
    """Return the place of each file in its list: of a mask that of its picture, 0 for a file that is in none."""
    counted: Counter[tuple[str, int]] = Counter()
    pictures: dict[tuple[str, int], list[str]] = {}  # annotations by key and step, in order
    places = []
    for one in listed:
        group = str(one["logName"]), int(one["step"])
        if one["fileType"] == MASK or group[0].startswith(SINGLE):
            places.append(0)
            continue
        places.append(counted[group])
        counted[group] += 1
        pictures.setdefault(group, []).append(str(one.get("annotations")))
    for index, one in enumerate(listed):
        if one["fileType"] == MASK:
            named = pictures.get((str(one["logName"]), int(one["step"])), [])
            places[index] = next((n for n, text in enumerate(named) if str(one["fileName"]) in text), 0)
    return places


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _milliseconds(text: str) -> int:
    """Return a time of a server, which is UTC, in milliseconds since the epoch."""
    moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)

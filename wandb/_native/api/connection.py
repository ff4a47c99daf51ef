"""The connection behind `wandb.Api`: `pluto.query` with our hosts, and the few calls that it lacks.

Importing this module imports pluto: only `wandb.Api()` does so.
"""

from __future__ import annotations

import json
import os
import weakref
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import httpx
from pluto import query

from wandb.errors import AuthenticationError, CommError
from wandb.errors.term import termlog, termwarn
from wandb_compat.config import network
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints
from wandb_compat.wire.json_numbers import FLAGS
from wandb_compat.wire.names import has_hash, old_project_name, project_name
from wandb_compat.wire.network import read_as_configured
from wandb_compat.wire.packed_config import unpacked

PAGE = 200  # runs in one answer of the list
POINTS = 10_000  # points of a metric in one answer
FILES = 1000  # files in one answer


class Reader(query.Client):  # type: ignore[misc] # pluto-ml has no types
    """Reads from one Pluto server; what it cannot do raises `wandb.CommError`.

    `wire` writes, and downloads without sending the key along.
    """

    def __init__(self, endpoints: Endpoints, key: str, timeout: int) -> None:
        if network.is_insecure():
            termwarn(network.INSECURE_WARNING, repeat=False)
        super().__init__(api_token=key, host=endpoints.api, timeout=timeout)
        self._url_ingest = endpoints.ingest  # pluto.query takes one host for both
        self._client: httpx.Client = read_as_configured(self._client, endpoints.api)
        self.endpoints, self.key = endpoints, key
        self.wire = Client(endpoints, key)
        # At the end of the process too, where Python would report the sockets as not closed.
        weakref.finalize(self, self._client.close)
        weakref.finalize(self, self.wire.close)
        self._stored_projects: dict[str, str] = {}  # by the name that the user gave
        self._true_projects: dict[str, str] = {}  # by the name on the server

    @property
    def organization(self) -> str:
        """The organisation that the key belongs to."""
        return self.wire.check()

    def project_url(self, project: str) -> str:
        """Return the address of a project's page."""
        organization, stored = (quote(part, safe="") for part in (self.organization, self.stored_project(project)))
        return f"{self.endpoints.app}/o/{organization}/projects/{stored}"

    def stored_project(self, project: str) -> str:
        """Return the name under which the server has a project; earlier releases stored some names in another way."""
        stored = project_name(project)
        if stored == project or project in self._stored_projects:
            return self._stored_projects.get(project, project)
        there = {found["name"] for found in self.list_projects()}
        if stored in there:
            self._stored_projects[project] = stored
        old = old_project_name(project)
        return old if old in there and stored not in there else stored

    def true_project(self, stored: str) -> str:
        """Return the name that the user gave a project, which its runs keep, from its name on the server."""
        if not has_hash(stored):
            return stored
        if stored not in self._true_projects:
            for run in self.page(stored, None, "-createdAt", 1)[0]:
                config = self.get_run(stored, run["id"]).get("config") or {}
                about = config.get("wandb")
                name = about.get("project") if isinstance(about, dict) else None
                if isinstance(name, str) and project_name(name) == stored:
                    self._true_projects[stored] = name
        return self._true_projects.get(stored, stored)

    def upload_file(self, project: str, run_id: int | str, *args: Any, **kwargs: Any) -> None:
        """Attach a file to a run; see `pluto.query.Client.upload_file`."""
        query.Client.upload_file(_AsciiRunNames(self), self.stored_project(project), run_id, *args, **kwargs)

    def page(
        self, project: str, filters: dict[str, Any] | None, sort: str, limit: int, offset: int = 0
    ) -> tuple[list[dict[str, Any]], int]:
        """Return a page of the runs of a project that a filter takes, and how many there are in all.

        `Client.list_runs` asks the same and leaves the number out.
        """
        parameters = {"projectName": project, "limit": min(limit, PAGE), "sort": sort, "offset": offset}
        if filters:
            parameters["filter"] = json.dumps(filters)
        answer = self._get("/api/runs/list", params=parameters)
        rows = _list_of(answer, "runs", "/api/runs/list")
        return rows, int(answer.get("total", len(rows) + offset))

    def points(
        self,
        project: str,
        run: int,
        name: str | None = None,
        group: str | None = None,
        limit: int = POINTS,
        low: int = 0,
        high: int | None = None,
    ) -> dict[str, list[tuple[int, float, str]]]:
        """Return step, value and time of a run's points by metric.

        `Client.get_metrics` asks the same and makes a DataFrame where there is pandas.

        Args:
            project: its name.
            run: its number.
            name: of one metric; all by default.
            group: the part before the last `/` of the names.
            limit: points a metric; of more the server takes every n-th, and the last.
            low, high: the first and the last step.
        """
        query = {"runId": run, "projectName": project, "limit": limit, "stepMin": low}
        query |= {} if name is None else {"logName": name}
        query |= {} if group is None else {"logGroup": group}
        query |= {} if high is None else {"stepMax": high}
        series: dict[str, list[tuple[int, float, str]]] = {}
        answer = self._get("/api/runs/metrics", params=query)
        for point in _list_of(answer, "metrics", "/api/runs/metrics"):
            value = FLAGS.get(point.get("valueFlag") or "", point["value"])
            series.setdefault(point["logName"], []).append((int(point["step"]), value, point["time"]))
        return series

    def statistics(self, project: str, run: int, group: str | None = None) -> list[dict[str, Any]]:
        """Return count, extremes, mean and last value of a run's metrics, a hundred at most."""
        parameters = {"runId": run, "projectName": project, **({} if group is None else {"logGroup": group})}
        return _list_of(self._get("/api/runs/statistics", params=parameters), "metrics", "/api/runs/statistics")

    def logged(self, project: str, run: int) -> list[dict[str, Any]]:
        """Return what a run logged that is neither a number nor a file; empty where the server has no such call."""
        try:
            answer = self._get("/api/embedded/data", params={"runId": run, "projectName": project})
        except CommError as error:
            if status_of(error) != 404:
                raise
            answer = None
        # A Pluto server answers unknown paths of one word with 200 and a made-up run id.
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            termlog(
                f"The Pluto server at {self.endpoints.api} does not give back texts, histograms and tables:"
                " histories and files are without them.",
                repeat=False,
            )
            return []
        return list(answer["data"])

    def lines(self, project: str, run: int, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Return some console lines of a run, and how many there are in all."""
        query = {"runId": run, "projectName": project, "limit": min(limit, POINTS), "offset": offset}
        answer = self._get("/api/runs/logs", params=query)
        lines = _list_of(answer, "logs", "/api/runs/logs")
        return lines, int(answer.get("total", offset + len(lines)))

    def get_run(self, project: str, run_id: int | str) -> dict[str, Any]:
        """Return all that the server knows of a run, by its number or display id; its config in the plain form."""
        details = super().get_run(project, run_id)
        if not isinstance(details, dict) or "id" not in details or "createdAt" not in details:
            raise _no_pluto_answer(f"/api/runs/details of run {run_id}")
        return (
            {**details, "config": unpacked(details["config"])} if isinstance(details.get("config"), dict) else details
        )

    def get_files(self, project: str, run_id: int | str, file_name: str | None = None) -> list[dict[str, Any]]:
        """Return what the server lists of a run's files, a thousand entries at most."""
        try:
            return list(super().get_files(project, run_id, file_name))
        except (KeyError, TypeError):
            raise _no_pluto_answer("/api/runs/files") from None

    def list_projects(self) -> list[dict[str, Any]]:
        """Return the projects of the organisation, a thousand at most."""
        try:
            return list(super().list_projects())
        except (KeyError, TypeError):
            raise _no_pluto_answer("/api/runs/projects") from None

    def run_url(self, project: str, run: int) -> str:
        """Return the address of a run's page, which only some answers have."""
        answer = self._get("/api/runs/statistics", params={"runId": run, "projectName": project})
        if not isinstance(answer, dict) or not answer.get("url"):
            raise _no_pluto_answer("/api/runs/statistics")
        return str(answer["url"])

    def _get(self, path: str, params: dict[str, Any] | None = None, retry: int = 0) -> Any:
        if params and "projectName" in params:
            params = {**params, "projectName": self.stored_project(params["projectName"])}
        try:
            return super()._get(path, params=params, retry=retry)
        except query.QueryError as error:
            kind = AuthenticationError if error.status_code == 401 else CommError
            raise kind(str(error), error) from error
        except (httpx.HTTPError, ValueError) as error:
            raise CommError(f"{self._url_api}{path} cannot be read: {error}", error) from error


def _list_of(answer: Any, field: str, path: str) -> list[dict[str, Any]]:
    """Return a list in an answer.

    Raises:
        CommError: the answer is not a Pluto server's: status 200 alone proves nothing.
    """
    found = answer.get(field) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise _no_pluto_answer(path)
    return found


def _no_pluto_answer(path: str) -> CommError:
    return CommError(f"The server's answer to {path} is not that of a Pluto server: check PLUTO_URL_API")


class _AsciiRunNames:
    """A reader whose runs have ASCII names: `pluto.query` puts them into a header."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def get_run(self, project: str, run_id: int | str) -> dict[str, Any]:
        """Return the details of a run."""
        run = self._reader.get_run(project, run_id)
        return {**run, "name": old_project_name(run.get("name") or "")}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


def connect(endpoints: Endpoints, key: str, timeout: int) -> Reader:
    """Return the connection of this process to a server: making one takes longer than asking it."""
    return _connected(endpoints, key, timeout, os.getpid())


@lru_cache(maxsize=8)
def _connected(endpoints: Endpoints, key: str, timeout: int, process: int) -> Reader:
    return Reader(endpoints, key, timeout)


def status_of(error: CommError) -> int | None:
    """Return the HTTP status behind an error, or None."""
    return getattr(error.exc, "status_code", None)

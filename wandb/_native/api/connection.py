"""The connection behind `wandb.Api`: `pluto.query` with our hosts, and the few calls that it lacks.

Importing this module imports pluto: only `wandb.Api()` does so.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import httpx
from pluto import query

from wandb.errors import AuthenticationError, CommError
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints
from wandb_compat.wire.json_numbers import FLAGS

PAGE = 200  # runs in one answer of the list
POINTS = 10_000  # points of a metric in one answer
FILES = 1000  # files in one answer


class Reader(query.Client):  # type: ignore[misc] # pluto-ml has no types
    """Reads from one Pluto server; what it cannot do raises `wandb.CommError`.

    `wire` writes, and downloads without sending the key along.
    """

    def __init__(self, endpoints: Endpoints, key: str, timeout: int) -> None:
        super().__init__(api_token=key, host=endpoints.api, timeout=timeout)
        self._url_ingest = endpoints.ingest  # pluto.query takes one host for both
        self.endpoints = endpoints
        self.wire = Client(endpoints, key)

    @property
    def organization(self) -> str:
        """The organisation that the key belongs to."""
        return self.wire.check()

    def project_url(self, project: str) -> str:
        """Return the address of a project's page."""
        return f"{self.endpoints.app}/o/{quote(self.organization, safe='')}/projects/{quote(project, safe='')}"

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
        return answer["runs"], int(answer.get("total", len(answer["runs"]) + offset))

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
        for point in self._get("/api/runs/metrics", params=query)["metrics"]:
            value = FLAGS.get(point.get("valueFlag") or "", point["value"])
            series.setdefault(point["logName"], []).append((int(point["step"]), value, point["time"]))
        return series

    def statistics(self, project: str, run: int, group: str | None = None) -> list[dict[str, Any]]:
        """Return count, extremes, mean and last value of a run's metrics, a hundred at most."""
        parameters = {"runId": run, "projectName": project, **({} if group is None else {"logGroup": group})}
        return list(self._get("/api/runs/statistics", params=parameters)["metrics"])

    def logged(self, project: str, run: int) -> list[dict[str, Any]]:
        """Return what a run logged that is not a number and no file; nothing where the server has no such call."""
        try:
            return list(self._get("/api/runs/data", params={"runId": run, "projectName": project})["data"])
        except CommError as error:
            if status_of(error) == 404:
                return []
            raise

    def lines(self, project: str, run: int, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Return some console lines of a run, and how many there are in all."""
        query = {"runId": run, "projectName": project, "limit": min(limit, POINTS), "offset": offset}
        answer = self._get("/api/runs/logs", params=query)
        return answer["logs"], int(answer.get("total", offset + len(answer["logs"])))

    def _get(self, path: str, params: dict[str, Any] | None = None, retry: int = 0) -> Any:
        try:
            return super()._get(path, params=params, retry=retry)
        except query.QueryError as error:
            kind = AuthenticationError if error.status_code == 401 else CommError
            raise kind(str(error), error) from error
        except (httpx.HTTPError, ValueError) as error:
            raise CommError(f"{self._url_api}{path} cannot be read: {error}", error) from error


def connect(endpoints: Endpoints, key: str, timeout: int) -> Reader:
    """Return the connection of this process to a server: making one takes longer than asking it."""
    return _connected(endpoints, key, timeout, os.getpid())


@lru_cache(maxsize=8)
def _connected(endpoints: Endpoints, key: str, timeout: int, process: int) -> Reader:
    return Reader(endpoints, key, timeout)


def status_of(error: CommError) -> int | None:
    """Return the HTTP status behind an error, or None."""
    return getattr(error.exc, "status_code", None)

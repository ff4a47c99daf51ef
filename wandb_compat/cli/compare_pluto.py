"""The Pluto side of a comparison: a run as users of `pluto.query` read it."""

from __future__ import annotations

from typing import Any

import click

from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.run.identity import RUN_ID
from wandb_compat.wire.client import reach
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import EndpointError, WireError
from wandb_compat.wire.exact_numbers import restored
from wandb_compat.wire.json_numbers import flagged_number

WINDOW = 5000  # steps per request; for more than POINTS a server answers with a sample
POINTS = 10_000


NOT_READ = object()


class CannotCompare(click.ClickException):
    """One of the two sides of the comparison is missing."""

    exit_code = 2


class PlutoRun:
    """A run on the Pluto server.

    Raises:
        CannotCompare: the run, the key or the server is missing.
    """

    def __init__(self, settings: Settings, project: str, run_id: str) -> None:
        credential = credentials.find(wandb_disabled=True)
        key = credential.reveal() if credential else None
        if key is None:
            raise CannotCompare(f"no Pluto key was found: {credentials.HINT}")
        try:
            api = resolve(settings.urls).api
            reach(api)  # one attempt, before a client that makes several
        except (EndpointError, WireError) as error:
            raise CannotCompare(str(error)) from None
        from pluto.query import Client, QueryError  # slow to import, and not needed for --help

        self.project = project
        self.notes: list[str] = []
        self._client = Client(api_token=key, host=api)
        try:
            found = self._client.list_runs(project, filters={f"systemMetadata.{RUN_ID}": run_id}, limit=2)
            if not found:
                raise CannotCompare(
                    f"the Pluto server has no run {run_id} in project {project}: name a different one with --project,"
                    " or upload what is still here with `wandb-compat sync`"
                )
            self.number = int(found[0]["id"])
            self.run = self._client.get_run(project, self.number)
        except QueryError as error:
            raise CannotCompare(f"the Pluto server does not answer: {error}") from None
        if len(found) > 1:
            self.notes.append(f"project {project} has several runs {run_id}; this is the newest")
        config = restored(self.run.get("config") or {})
        about = config.get("wandb")
        self.about: dict[str, Any] = about if isinstance(about, dict) else {}
        self.config = {key: value for key, value in config.items() if key != "wandb"}
        self.types: dict[str, set[str]] = {}
        self._series: Any = NOT_READ
        for entry in self.run.get("logNames") or ():
            self.types.setdefault(entry["logName"], set()).add(str(entry["logType"]).upper())

    def names(self) -> list[str]:
        """Return the names of the run's metrics."""
        listed = self._client.get_metric_names(self.project, [self.number])
        return sorted({*listed, *(name for name, types in self.types.items() if "METRIC" in types)})

    def points(self, name: str, steps: list[int]) -> tuple[dict[int, float], bool]:
        """Return the values of a metric by step, and whether they are a sample only.

        Args:
            name: of the metric.
            steps: ascending steps at which values are expected; they make the windows that are asked for.
        """
        found: dict[int, float] = {}
        sampled, low = False, 0
        ends: list[int | None] = [steps[place] for place in range(WINDOW, len(steps), WINDOW)]
        for high in (*ends, None):
            rows = self._client.get_metrics(
                self.project, self.number, [name], limit=POINTS, step_min=low, step_max=high
            )
            rows = rows.to_dict("records") if hasattr(rows, "to_dict") else rows  # where pandas is installed
            sampled |= len(rows) >= POINTS
            found.update((int(row["step"]), flagged_number(row)) for row in rows)
            low = (high or 0) + 1
        return found, sampled

    def series(self) -> dict[str, dict[int, list[Any]]] | None:
        """Return texts and documents of the run by name and step, or None where the server does not give them back."""
        if self._series is NOT_READ:
            self._series = self._read_series()
        series: dict[str, dict[int, list[Any]]] | None = self._series
        return series

    def _read_series(self) -> dict[str, dict[int, list[Any]]] | None:
        from pluto.query import QueryError

        try:
            answer = self._client._get("/api/embedded/data", params={"runId": self.number, "projectName": self.project})
        except QueryError:
            answer = None
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            self.notes.append("this server does not give back texts, histograms and tables: they were compared by name")
            return None
        found: dict[str, dict[int, list[Any]]] = {}
        for one in answer["data"]:
            found.setdefault(one["logName"], {}).setdefault(int(one["step"]), []).append(one["data"])
        return found

    def files(self, key: str | None = None) -> list[dict[str, Any]]:
        """Return the files under a key, or of the whole run."""
        return list(self._client.get_files(self.project, self.number, file_name=key))

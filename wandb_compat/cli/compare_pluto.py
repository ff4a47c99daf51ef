"""The Pluto side of a comparison: a run as users of `pluto.query` read it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import click

from wandb_compat.cli.compare_report import ABSENT
from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.run.identity import RUN_ID
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import EndpointError, Unavailable, WireError
from wandb_compat.wire.exact_numbers import restored
from wandb_compat.wire.json_numbers import flagged_number
from wandb_compat.wire.packed_config import unpacked
from wandb_compat.wire.reach import reach
from wandb_compat.wire.store import PIECE, StoreClient
from wandb_compat.wire.stored_values import latest_values

WINDOW = 5000  # steps per request; for more than POINTS a server answers with a sample
POINTS = 10_000
FILES = 1000  # files in one answer of the server


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

        from wandb_compat.wire.network import read_as_configured

        self.project = project
        self.notes: list[str] = []
        self._store = StoreClient()
        self._client = Client(api_token=key, host=api)
        self._client._client = read_as_configured(self._client._client, api)
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
        config = restored(unpacked(self.run.get("config") or {}))
        about = config.get("wandb")
        self.about: dict[str, Any] = about if isinstance(about, dict) else {}
        self.config = {key: value for key, value in config.items() if key != "wandb"}
        self.types: dict[str, set[str]] = {}
        self.truncated: set[str] = set()  # keys of which the server does not list all files
        self._series: Any = NOT_READ
        self._listed: dict[tuple[int, str], dict[str, str]] = {}  # URLs by run and key, by file name
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
            return None
        found: dict[str, dict[int, list[Any]]] = {}
        latest = latest_values(answer["data"])
        replaced = len(answer["data"]) - len(latest)
        for one in latest:
            found.setdefault(one["logName"], {}).setdefault(int(one["step"]), []).append(one["data"])
        if replaced:
            self.notes.append(
                f"{replaced} values were replaced within their step after they were sent: Pluto's page shows them too"
            )
        return found

    def all_files(self) -> list[dict[str, Any]]:
        """Return all entries of the run's files; past what one answer holds, key by key."""
        found = list(self._client.get_files(self.project, self.number))
        if len(found) >= FILES:
            keys = {*(name for name, types in self.types.items() if "METRIC" not in types)}
            keys |= {file["logName"] for file in found}
            found = [file for key in sorted(keys) for file in self._files_of(key)]
        return [{**file, "url": file.get("url") or file.get("downloadUrl")} for file in found]

    def _files_of(self, key: str) -> list[dict[str, Any]]:
        found = list(self._client.get_files(self.project, self.number, file_name=key))
        if len(found) >= FILES:
            self.truncated.add(key)
        return found

    def console(self) -> list[dict[str, Any]]:
        """Return all console lines."""
        found: list[dict[str, Any]] = []
        while page := self._client.get_logs(self.project, self.number, limit=POINTS, offset=len(found)):
            found += page
            if len(page) < POINTS:
                break
        return found

    def alerts(self) -> list[dict[str, Any]] | None:
        """Return the alerts, or None where the server does not give them back."""
        from pluto.query import QueryError

        try:
            answer = self._client._get(
                "/api/embedded/alerts", params={"runId": self.number, "projectName": self.project}
            )
        except QueryError:
            return None
        found = answer.get("alerts") if isinstance(answer, dict) else None
        return found if isinstance(found, list) else None

    # Objects in the store: their URLs need no key

    def url(self, run: int, key: str, name: str) -> str | None:
        """Return the address of one file, or None if the server does not list it."""
        if (run, key) not in self._listed:
            files = self._client.get_files(self.project, run, file_name=key)
            self._listed[run, key] = {
                str(file["fileName"]): str(file.get("url") or file.get("downloadUrl")) for file in files
            }
        return self._listed[run, key].get(name)

    def size(self, url: str) -> int | str:
        """Return the size of an object in bytes, from a request for its first byte; ABSENT if it is not there."""
        try:
            with self._store.get(url, {"Range": "bytes=0-0"}) as answer:
                total = answer.headers.get("Content-Range", "").rpartition("/")[2]
                if answer.status_code in (206, 416) and total.isdecimal():
                    return int(total)
                if answer.status_code == 416:  # of an empty object, from a store that does not tell its size
                    return 0
                if answer.ok:
                    return int(answer.headers.get("Content-Length") or len(answer.content))
        except Unavailable as error:
            raise CannotCompare(str(error)) from None
        return ABSENT

    def digest(self, url: str, algorithm: str = "sha256") -> str:
        """Return the digest of an object: hexadecimal SHA-256 or MD5 in base64; ABSENT if it is not there."""
        found = hashlib.new(algorithm, usedforsecurity=False)
        try:
            with self._store.get(url) as answer:
                if not answer.ok:
                    return ABSENT
                for piece in answer.iter_content(PIECE):
                    found.update(piece)
        except Unavailable as error:
            raise CannotCompare(str(error)) from None
        return base64.b64encode(found.digest()).decode() if algorithm == "md5" else found.hexdigest()

    def document(self, run: int, key: str, name: str) -> dict[str, Any] | None:
        """Return a JSON document among the files, or None if it is not there or is none."""
        url = self.url(run, key, name)
        if url is None:
            return None
        try:
            with self._store.get(url) as answer:
                document = json.loads(answer.content) if answer.ok else None
        except ValueError:
            return None
        except Unavailable as error:
            raise CannotCompare(str(error)) from None
        return document if isinstance(document, dict) else None

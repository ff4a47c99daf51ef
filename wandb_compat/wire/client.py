"""A client of the contract: one method a call, errors distinguished by whether waiting can heal them."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic, time
from typing import Any

import requests
from urllib3.util.connection import is_connection_dropped

from wandb_compat._version import __version__
from wandb_compat.config import credentials
from wandb_compat.config.limits import CONNECT_PATIENCE, REQUEST_TIMEOUT
from wandb_compat.wire import network
from wandb_compat.wire.answers import (
    TRANSIENT,
    Answer,
    cause_of,
    host_of,
    is_ingest_answer,
    is_json_object,
    is_text,
    json_object,
    may_have_arrived,
    read_answer,
    reason_of,
    retry_after,
    unexpected_answer,
)
from wandb_compat.wire.endpoints import Endpoints, redirect_message
from wandb_compat.wire.errors import TOO_LARGE, Refused, Unauthorized, Unavailable
from wandb_compat.wire.json_numbers import raw_number
from wandb_compat.wire.models import Created, Status
from wandb_compat.wire.names import project_name
from wandb_compat.wire.packed_config import unpacked
from wandb_compat.wire.parts import send_in_parts, split_row
from wandb_compat.wire.store import StoreClient

PAGE = 200  # runs in one answer of the list
SMALL_BODY = 64 * 1024  # bytes that every proxy takes
JSON = {"Content-Type": "application/json"}
IN_USE = 4.0  # seconds since its last request in which no server closes a connection for want of requests
# What no later attempt can heal: the request cannot even be made.
UNASKABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
)


class _Bearer(requests.auth.AuthBase):
    """Puts the key in the header; given as `auth` so that requests does not put a password from ~/.netrc over it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if (fault := credentials.fault(self._key)) is not None:
            raise requests.exceptions.InvalidHeader(f"the Pluto key {fault}")
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Client(StoreClient):
    """Speaks to one server with one key; use one client a thread."""

    def __init__(self, endpoints: Endpoints, key: str, silent: Callable[[str], None] = lambda host: None) -> None:
        """Prepare; nothing is sent yet.

        Args:
            endpoints: where to.
            key: key of the organisation.
            silent: called from another thread with a host that has not answered for CONNECT_PATIENCE seconds.
        """
        super().__init__()
        self.endpoints = endpoints
        self.given_up: list[str] = []  # what `create` has left out, for the user
        self._silent = silent
        self._session = network.session()
        self._session.auth = _Bearer(key)
        self._session.headers["User-Agent"] = f"wandb-compat/{__version__}"
        # When a connection in use had last been answered, and when it was found closed (s since the epoch): the service
        # may have been restarted in between.
        self.reconnected: list[tuple[float, float]] = []
        self.answered: float | None = None  # when an ingest request was last answered, s since the epoch
        self.ingests = 0  # ingest requests that were answered
        self._ingested = 0.0  # when the last of them was

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self._session.close()
        self.close_uploads()

    def check(self) -> str:
        """Ask whether the key is good; return the organisation's name."""
        organization = self._post(self.endpoints.api, "/api/slug", {}).get("organization")
        if not isinstance(organization, dict):
            raise unexpected_answer(self.endpoints.api + "/api/slug")
        return str(organization.get("slug", ""))

    # Runs

    def create(self, body: dict[str, Any]) -> Created:
        """Create a run, or take up the one with the same external id in the same project.

        A configuration that makes the request too large follows the creation; see `update_config`.
        """
        try:
            return self._created("/api/runs/create", body)
        except Refused as error:
            if error.status != TOO_LARGE or not (body.get("config") or body.get("systemMetadata")):
                raise
        config, metadata = body.get("config"), body.get("systemMetadata")
        small = {**body, "config": None}
        if metadata and len(metadata) > SMALL_BODY:
            small["systemMetadata"] = None
            self.given_up.append(f"the system metadata of {len(metadata)} bytes is over the limit of the server")
        created = self._created("/api/runs/create", small)
        if config:
            try:
                self.update_config(created.run, config)
            except Refused as error:
                if error.status != TOO_LARGE:
                    raise
                self.given_up.append(str(error))
        return created

    def resume(self, body: dict[str, Any]) -> Created:
        """Take up a run that the server knows by number or display id."""
        return self._created("/api/runs/resume", body)

    def _created(self, path: str, body: dict[str, Any]) -> Created:
        try:
            return Created.of(self._post(self.endpoints.api, path, body))
        except ValueError:
            raise unexpected_answer(self.endpoints.api + path) from None

    def details(self, run: int | str, project: str | None = None) -> dict[str, Any]:
        """Return what the server knows of a run, by its number or display id; its config in the plain form."""
        found = self._details(run, project)
        return {**found, "config": unpacked(found["config"])} if isinstance(found.get("config"), dict) else found

    def stored_config(self, run: int, project: str) -> dict[str, Any]:
        """Return the config of a run in the form in which it is stored; see `packed_config`."""
        config = self._details(run, project).get("config")
        return config if isinstance(config, dict) else {}

    def _details(self, run: int | str, project: str | None) -> dict[str, Any]:
        path = f"/api/runs/details/{run}" if isinstance(run, int) else f"/api/runs/details/by-display-id/{run}"
        return self._get(path, {"projectName": project_name(project)} if project else {})

    def add_keys(self, run: int, kind: str, names: list[str]) -> None:
        """Register logged keys of one type (METRIC, DATA, HISTOGRAM…)."""
        try:
            self._post(self.endpoints.api, "/api/runs/logName/add", {"runId": run, "logName": names, "logType": kind})
        except Refused as error:
            if error.status != TOO_LARGE or len(names) < 2:
                raise
            for half in (names[: len(names) // 2], names[len(names) // 2 :]):
                self.add_keys(run, kind, half)

    def update_config(self, run: int, config: str) -> None:
        """Merge a config, given as JSON text of an object, into the run's.

        What is too large for one request goes in several: the server merges objects.

        Raises:
            Refused: with status 413, single values are too large; the others have been sent.
        """
        url, send = "/api/runs/config/update", partial(self._post, self.endpoints.api)
        if lost := send_in_parts(config, lambda part: send(url, {"runId": run, "config": part})):
            names = ", ".join("/".join(path) for path in lost)
            raise Refused(f"{names} of the config: over the limit that the server, or a proxy, has for one", TOO_LARGE)

    def update_notes(self, run: int, notes: str | None) -> None:
        """Replace the notes of the run; None removes them. A server takes NOTES_LIMIT characters."""
        self._post(self.endpoints.api, "/api/runs/notes/update", {"runId": run, "notes": notes})

    def edit_run(self, run: int, change: str, values: dict[str, Any] | None = None) -> bool:
        """Make a change that only an embedded server has a route for; return whether the server has it.

        Args:
            run: its number.
            change: `edit` or `delete`.
            values: such as `name`.
        """
        try:
            answer = self._post(self.endpoints.api, f"/api/embedded/{change}", {"runs": [run], **(values or {})})
        except Refused as error:
            if error.status == 404:
                return False
            raise
        return answer.get("success") is True

    def update_tags(self, run: int, tags: list[str]) -> None:
        """Replace all tags of the run."""
        self._post(self.endpoints.api, "/api/runs/tags/update", {"runId": run, "tags": tags})

    def set_status(self, run: int, status: Status, time: int, metadata: dict[str, Any] | None = None) -> None:
        """Report the state of the run; `time` in milliseconds since the epoch."""
        body = {
            "runId": run,
            "status": status,
            "statusMetadata": json.dumps(metadata) if metadata else None,
            "statusUpdated": time,
        }
        self._post(self.endpoints.api, "/api/runs/status/update", body)

    def heartbeat(self, run: int) -> str:
        """Say that the run is alive; return its status on the server."""
        return str(self._post(self.endpoints.py, "/api/runs/trigger", {"runId": run}).get("status", ""))

    def alert(self, run: int, alert: dict[str, Any]) -> None:
        """Send a message for people."""
        self._post(self.endpoints.py, "/api/runs/alert", {"runId": run, "alert": alert})

    def model_graph(self, run: int, graph: dict[str, Any]) -> None:
        """Keep the graph of a model: `format`, and `nodes` by path."""
        self._post(self.endpoints.api, "/api/runs/modelGraph/create", {"runId": run, "graph": graph})

    # Ingest

    def ingest(self, route: str, run: dict[str, str], lines: list[bytes]) -> list[tuple[int, str]]:
        """Send rows (`metrics`), series (`data`) or console lines (`logs`), each a JSON document without line break.

        A single row that is too large goes in parts: the server keeps one value for each metric and step.

        Args:
            route: the last part of the path.
            run: the headers that tell which run is meant.
            lines: what to send.

        Returns:
            (index, reason) of the lines that the server refused while it took the others, as far as it tells.
        """
        url = f"{self.endpoints.ingest}/ingest/{route}"
        headers = {"Content-Type": "application/x-ndjson", **run}
        opened, since, before = self._pool(url).num_connections, monotonic() - self._ingested, self.answered
        self._ingested = 0.0  # a connection that fails now is no longer one in use
        try:
            answer = self._send("POST", url, b"\n".join(lines) + b"\n", headers=headers)
        except Refused as error:
            halves = split_row(lines[0]) if error.status == TOO_LARGE and route == "metrics" and len(lines) == 1 else []
            if not halves:
                raise
            return [refused for half in halves for refused in self.ingest(route, run, [half])]
        if self._pool(url).num_connections > opened and since < IN_USE:
            self.reconnected = [*self.reconnected[-99:], (before or time(), time())]
        self._ingested, self.answered = monotonic(), time()
        self.ingests += 1
        if not is_ingest_answer(answer):
            raise unexpected_answer(url)
        try:
            reply = [(int(one["index"]), str(one.get("reason"))) for one in json_object(answer).get("rejected") or []]
        except (TypeError, KeyError, ValueError, AttributeError):
            raise unexpected_answer(url) from None
        return [(index, reason) for index, reason in reply if 0 <= index < len(lines)]

    def watch(self) -> None:
        """Note whether the connection to the ingest service was closed by the other side while it was in use."""
        if any(map(is_connection_dropped, self._idle())):
            self._ingested = 0.0
            self.reconnected = [*self.reconnected[-99:], (self.answered or time(), time())]

    @property
    def connections(self) -> int:
        """How many connections to the ingest service have been opened."""
        return int(self._pool(self.endpoints.ingest).num_connections)

    def _idle(self) -> list[Any]:
        """Return the idle connections to the ingest service, if it was asked a moment ago."""
        if monotonic() - self._ingested >= IN_USE:
            return []
        return [one for one in list(self._pool(self.endpoints.ingest).pool.queue) if one is not None and one.sock]

    def _pool(self, url: str) -> Any:
        return network.pool(self._session, url)

    def presign(self, run: dict[str, str], files: list[dict[str, Any]]) -> dict[str, str]:
        """Announce at most ten files of different names; return the URL to upload each to, by name."""
        body = json.dumps({"files": files}).encode()
        answer = self._send("POST", f"{self.endpoints.ingest}/files", body, headers={**JSON, **run})
        return {
            name: str(url)
            for one in json_object(answer).values()
            for entry in (one if isinstance(one, list) else ())
            for name, url in (entry.items() if isinstance(entry, dict) else ())
        }

    # Reading back

    def runs(self, project: str, filter: dict[str, Any] | None = None) -> list[int]:
        """Return the numbers of a project's runs that a filter takes, the newest first."""
        numbers: list[int] = []
        while True:
            query = {"projectName": project_name(project), "limit": PAGE, "offset": len(numbers)}
            if filter is not None:
                query["filter"] = json.dumps(filter)
            page = self._get("/api/runs/list", query).get("runs", [])
            numbers += [run["id"] for run in page]
            if len(page) < PAGE:
                return numbers

    def files(self, run: int, project: str, **query: str) -> list[dict[str, Any]]:
        """Return the files of a run, a thousand at most; `logName` or `logGroup` narrows them down."""
        parameters = {"runId": run, "projectName": project_name(project), **query}
        answer = self._get("/api/runs/files", parameters)
        return [{**file, "url": file.get("url") or file.get("downloadUrl")} for file in answer.get("files", [])]

    def raw_values(self, run: int, project: str, metric: str, first: int, last: int) -> dict[int, float]:
        """Return the stored values of a metric by step, from the step `first` to `last`."""
        rows = self.raw_rows(run, project, metric, first, last)
        return {int(row["step"]): raw_number(row) for row in rows}

    def raw_rows(self, run: int, project: str, metric: str, first: int, last: int) -> Iterator[dict[str, Any]]:
        """Yield the stored rows of a metric, from the step `first` to `last`; a few of them twice."""
        while True:
            query = {"runId": run, "projectName": project, "logName": metric, "stepMin": first, "stepMax": last}
            answer = self._get("/api/runs/metrics/raw", query)
            rows = answer.get("rows")
            if not isinstance(rows, list):
                raise Refused(f"{self.endpoints.api} does not list stored rows", 404)
            yield from rows
            if not rows or not answer.get("truncated") or int(rows[-1]["step"]) <= first:
                return
            first = int(rows[-1]["step"])  # again: more rows of that step may follow

    def console(self, run: int, project: str, limit: int, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Return stored console lines in order of their numbers, and how many there are in all."""
        query = {"runId": run, "projectName": project, "limit": limit, "offset": offset}
        answer = self._get("/api/runs/logs", query)
        if not isinstance(answer.get("logs"), list) or not isinstance(answer.get("total"), int):
            raise Refused(f"{self.endpoints.api} does not count console lines", 404)
        return answer["logs"], answer["total"]

    def statistics(self, run: int, project: str, **query: str) -> list[dict[str, Any]]:
        """Return count, mean, last step… of a run's metrics, a hundred at most; `logGroup` narrows them down."""
        parameters = {"runId": run, "projectName": project_name(project), **query}
        return list(self._get("/api/runs/statistics", parameters).get("metrics", []))

    def _post(self, base: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._send("POST", base + path, json.dumps(body).encode(), headers=JSON)
        if answer.body and not is_json_object(answer.body):
            raise unexpected_answer(base + path)
        return json_object(answer)

    def _get(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        answer = self._send("GET", self.endpoints.api + path, params=query)
        if not is_json_object(answer.body):
            raise unexpected_answer(self.endpoints.api + path)
        return json_object(answer)

    def _send(self, method: str, url: str, body: bytes | None = None, **more: Any) -> Answer:
        impatience = threading.Timer(CONNECT_PATIENCE, self._silent, [host_of(url)])
        impatience.daemon = True
        impatience.start()
        try:
            # No redirects: the key goes to the configured hosts and nowhere else.
            with self._session.request(
                method,
                url,
                data=None if body is None else io.BytesIO(body),
                timeout=REQUEST_TIMEOUT,
                allow_redirects=False,
                stream=True,
                proxies=network.proxies_for(url),
                **more,
            ) as response:
                answer = read_answer(response)
        except UNASKABLE as error:
            raise Refused(f"no request to {host_of(url)} can be made: {error}", 0) from error
        except requests.RequestException as error:  # also an answer that breaks off
            text = f"the Pluto server at {host_of(url)} cannot be reached ({cause_of(error)})"
            raise Unavailable(text, arrived=may_have_arrived(error)) from error
        finally:
            impatience.cancel()
        if 200 <= answer.status < 300:
            if answer.status == 206 or not is_text(answer.body):  # no request asks for a part
                raise unexpected_answer(url)
            return answer
        status, reason = answer.status, reason_of(answer)
        if 300 <= status < 400:
            raise Unavailable(redirect_message(self.endpoints, url, answer.headers.get("Location", "")))
        if status == 401:
            raise Unauthorized(f"the Pluto server at {host_of(url)} refuses the key: {reason}")
        if 400 <= status < 500 and status not in TRANSIENT:
            raise Refused(f"{method} {url} was refused with {status}: {reason}", status)
        raise Unavailable(f"the Pluto server at {host_of(url)} answers {status}: {reason}", retry_after(answer))

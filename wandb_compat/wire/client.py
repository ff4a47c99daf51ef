"""A client of the contract: one method a call, errors told apart by whether waiting can heal them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import requests

from wandb_compat import __version__
from wandb_compat.settings import REQUEST_TIMEOUT, UPLOAD_TIMEOUT
from wandb_compat.wire.endpoints import Endpoints
from wandb_compat.wire.models import Create, Created, Status

PAGE = 200  # runs in one answer of the list
TRANSIENT = {408, 429}  # besides 5xx and whatever is neither success nor the caller's fault


class WireError(Exception):
    """Base of what can go wrong between here and the server."""


class Unavailable(WireError):
    """The server cannot be reached or cannot serve now; `wait` is what it asked for, in seconds."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Unauthorized(WireError):
    """The server refuses the key."""


class Refused(WireError):
    """The server will never take this request as it is."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Bearer(requests.auth.AuthBase):
    """Puts the key in the header; given as `auth` so that requests does not put a password from ~/.netrc over it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Client:
    """Speaks to one server with one key; use one client a thread."""

    def __init__(self, endpoints: Endpoints, key: str) -> None:
        self.endpoints = endpoints
        self._session = requests.Session()
        self._session.auth = _Bearer(key)
        self._session.headers["User-Agent"] = f"wandb-compat/{__version__}"
        self._uploads = requests.Session()
        self._uploads.auth = lambda request: request  # neither the key nor what ~/.netrc has

    def check(self) -> str:
        """Ask whether the key is good; return the organisation's name."""
        return str(self._post(self.endpoints.api, "/api/slug", {}).get("organization", {}).get("slug", ""))

    # Runs

    def create(self, body: Create) -> Created:
        """Create a run, or take up the one with the same external id in the same project."""
        return self._created("/api/runs/create", body.model_dump())

    def resume(self, body: dict[str, Any]) -> Created:
        """Take up a run that the server knows by number or display id."""
        return self._created("/api/runs/resume", body)

    def _created(self, path: str, body: dict[str, Any]) -> Created:
        return Created.model_validate(self._post(self.endpoints.api, path, body))

    def details(self, run: int | str, project: str | None = None) -> dict[str, Any]:
        """Return what the server knows of a run, by its number or display id."""
        path = f"/api/runs/details/{run}" if isinstance(run, int) else f"/api/runs/details/by-display-id/{run}"
        response = self._send("GET", self.endpoints.api + path, params={"projectName": project} if project else None)
        return _object(response)

    def add_keys(self, run: int, kind: str, names: list[str]) -> None:
        """Register logged keys of one type (METRIC, DATA, HISTOGRAM…)."""
        self._post(self.endpoints.api, "/api/runs/logName/add", {"runId": run, "logName": names, "logType": kind})

    def update_config(self, run: int, config: str) -> None:
        """Merge a config, given as JSON text of an object, into the run's."""
        self._post(self.endpoints.api, "/api/runs/config/update", {"runId": run, "config": config})

    def update_tags(self, run: int, tags: list[str]) -> None:
        """Replace all tags of the run."""
        self._post(self.endpoints.api, "/api/runs/tags/update", {"runId": run, "tags": tags})

    def set_status(self, run: int, status: Status, time: int, metadata: dict[str, Any] | None = None) -> None:
        """Report how the run stands; `time` in milliseconds since the epoch."""
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

    # Ingest

    def ingest(self, route: str, run: dict[str, str], lines: list[bytes]) -> list[tuple[int, str]]:
        """Send rows (`metrics`), series (`data`) or console lines (`logs`), each a JSON document without line break.

        Args:
            route: the last part of the path.
            run: the headers that tell which run is meant.
            lines: what to send.

        Returns:
            (index, reason) of the lines that the server refused while it took the others, as far as it tells.
        """
        url = f"{self.endpoints.ingest}/ingest/{route}"
        headers = {"Content-Type": "application/x-ndjson", **run}
        response = self._send("POST", url, data=b"\n".join(lines) + b"\n", headers=headers)
        return [(int(one["index"]), str(one.get("reason"))) for one in _object(response).get("rejected") or []]

    def presign(self, run: dict[str, str], files: list[dict[str, Any]]) -> dict[str, str]:
        """Announce at most ten files of different names; return the URL to upload each to, by name."""
        response = self._send("POST", f"{self.endpoints.ingest}/files", json={"files": files}, headers=run)
        return {
            name: str(url)
            for one in _object(response).values()
            for entry in (one if isinstance(one, list) else ())
            for name, url in entry.items()
        }

    def upload(self, url: str, content: BinaryIO, content_type: str) -> None:
        """Put a file's content where `presign` said; the key stays here, such a URL may lie on any host."""
        headers = {"Content-Type": content_type}
        try:
            response = self._uploads.put(
                url, data=content, headers=headers, timeout=UPLOAD_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise Unavailable(f"{_host(url)} does not take a file ({_cause(error)})") from error
        if response.status_code not in (200, 201):
            # Also 403: such a URL lives an hour, the next attempt asks for a new one.
            raise Unavailable(f"{_host(url)} answers {response.status_code} to a file: {_reason(response)}")

    # Reading back

    def runs(self, project: str, filter: dict[str, Any]) -> list[int]:
        """Return the numbers of a project's runs that a filter takes, the newest first."""
        numbers: list[int] = []
        while True:
            query = {"projectName": project, "filter": json.dumps(filter), "limit": PAGE, "offset": len(numbers)}
            page = _object(self._send("GET", self.endpoints.api + "/api/runs/list", params=query)).get("runs", [])
            numbers += [run["id"] for run in page]
            if len(page) < PAGE:
                return numbers

    def files(self, run: int, project: str, **query: str) -> list[dict[str, Any]]:
        """Return the files of a run, a thousand at most; `logName` or `logGroup` narrows them down."""
        parameters = {"runId": run, "projectName": project, **query}
        answer = _object(self._send("GET", self.endpoints.api + "/api/runs/files", params=parameters))
        return [{**file, "url": file.get("url") or file.get("downloadUrl")} for file in answer.get("files", [])]

    def read(self, url: str) -> bytes:
        """Return the bytes behind a download URL of `files`."""
        return b"".join(self._pieces(url))

    def download(self, url: str, path: Path) -> None:
        """Write what lies behind a download URL of `files` to a file, which appears when it is complete."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{uuid4().hex[:12]}.part")
        try:
            with draft.open("wb") as stream:
                for piece in self._pieces(url):
                    stream.write(piece)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _pieces(self, url: str) -> Iterator[bytes]:
        try:
            # Redirects may be followed: the key is not sent along.
            with self._uploads.get(url, stream=True, timeout=UPLOAD_TIMEOUT) as response:
                if response.status_code == 404:
                    raise FileNotFoundError(f"{_host(url)} has no bytes of the file: its upload was never finished")
                if response.status_code != 200:
                    raise Unavailable(f"{_host(url)} answers {response.status_code} to a download: {_reason(response)}")
                yield from response.iter_content(1024**2)
        except requests.RequestException as error:
            raise Unavailable(f"{_host(url)} does not give a file ({_cause(error)})") from error

    def _post(self, base: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return _object(self._send("POST", base + path, json=body))

    def _send(self, method: str, url: str, **content: Any) -> requests.Response:
        try:
            # No redirects: the key goes to the configured hosts and nowhere else.
            response = self._session.request(method, url, timeout=REQUEST_TIMEOUT, allow_redirects=False, **content)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Unavailable(f"the Pluto server at {_host(url)} cannot be reached ({_cause(error)})") from error
        except requests.RequestException as error:
            raise Refused(f"{_host(url)} cannot be asked: {error}", 0) from error
        if response.ok and response.status_code < 300:
            return response
        status, reason = response.status_code, _reason(response)
        if status == 401:
            raise Unauthorized(f"the Pluto server at {_host(url)} refuses the key: {reason}")
        if 400 <= status < 500 and status not in TRANSIENT:
            raise Refused(f"{method} {url} was refused with {status}: {reason}", status)
        raise Unavailable(f"the Pluto server at {_host(url)} answers {status}: {reason}", _retry_after(response))


def reach(url: str) -> None:
    """Ask the host of a URL for any answer at all, without a key.

    Raises:
        Unavailable: there is none.
    """
    try:
        requests.get(url, timeout=REQUEST_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise Unavailable(f"the Pluto server at {_host(url)} cannot be reached ({_cause(error)})") from error


def _object(response: requests.Response) -> dict[str, Any]:
    """Return the answer's JSON object, or an empty one: the ingest routes answer with plain text."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _reason(response: requests.Response) -> str:
    answer = _object(response)
    for field in ("message", "detail", "error"):
        if text := answer.get(field):
            return str(text)[:500]
    return response.text[:500] or response.reason


def _retry_after(response: requests.Response) -> float | None:
    try:
        return float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def _host(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _cause(error: Exception) -> str:
    """Return the innermost reason of a nested network error, in a few words."""
    inner: Any = error
    while getattr(inner, "args", None) and isinstance(inner.args[0], Exception):
        inner = inner.args[0]
    reason = getattr(inner, "reason", None)
    text = str(reason if isinstance(reason, Exception) else inner)
    return text.rsplit(": ", 1)[-1][:200] or type(error).__name__

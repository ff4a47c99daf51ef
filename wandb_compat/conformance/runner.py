"""Run the checks against a server, in a scratch project, and compare what it answers."""

from __future__ import annotations

import contextlib
import json
import random
import re
import string
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests

from wandb_compat.conformance.cases import Check, Step
from wandb_compat.wire import network
from wandb_compat.wire.endpoints import Endpoints

TIMEOUT = 60.0  # seconds for one request
POLL = 0.25  # seconds between two reads of what may not be stored yet
WORKERS = 6  # checks at a time
PLACEHOLDER = re.compile(r"\$(\w+)")
WRONG_KEY = "mlpi_" + "0" * 16
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")

KINDS: dict[str, Callable[[Any], bool]] = {
    "*any": lambda value: True,
    "*int": lambda value: type(value) is int,
    "*number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "*text": lambda value: isinstance(value, str),
    "*time": lambda value: isinstance(value, str) and TIME.fullmatch(value) is not None,
    "*url": lambda value: isinstance(value, str) and value.startswith(("http://", "https://")),
}

GENERATORS: dict[str, Callable[[Any], Any]] = {
    "$json": json.dumps,
    "$repeat": lambda value: value[0] * value[1],
    "$nested": lambda depth: '{"a":' * depth + "1" + "}" * depth,
    "$random": lambda size: "".join(random.choices(string.ascii_letters + string.digits, k=size)),
    "$range": lambda value: [f"{value[0]}{number}" for number in range(value[1])],
    "$points": lambda count: [
        {"time": 1_700_000_000_000 + step, "step": step, "data": {"m": step}} for step in range(count)
    ],
}


class Difference(Exception):
    """The server answered in another way; the text says how."""


@dataclass(frozen=True)
class Result:
    """What came of a check; `difference` is empty where it holds, None where it was skipped."""

    check: Check
    difference: str | None


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server.

    Attributes:
        stored: seconds until acknowledged data can be read.
        late: seconds until statistics and metric names are up to date; checks of them are skipped at 0.
        settle: seconds until what was acknowledged is stored for certain.
    """

    stored: float = 20.0
    late: float = 0.0
    settle: float = 8.0


class Runner:
    """Runs checks against one server.

    Args:
        endpoints: its addresses.
        key: its key.
        patience: how long to wait.

    Attributes:
        project: the scratch project.
    """

    def __init__(self, endpoints: Endpoints, key: str, patience: Patience | None = None) -> None:
        self.endpoints = endpoints
        self.project = f"wandb-compat-verify-{''.join(random.choices(string.ascii_lowercase, k=8))}"
        self.patience = patience or Patience()
        self._key = key
        self._runs: list[int] = []

    def run(self, checks: list[Check]) -> Iterator[Result]:
        """Yield the results of checks, in their order; several run at a time."""
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="verify") as pool:
            yield from pool.map(self._run, checks)

    def clean_up(self) -> int:
        """End the runs that were created, as no server lets a key delete them; return their number."""
        with network.session() as session:
            for run in self._runs:
                with contextlib.suppress(requests.RequestException):
                    session.post(
                        f"{self.endpoints.api}/api/runs/status/update",
                        json={"runId": run, "status": "COMPLETED"},
                        headers={"Authorization": f"Bearer {self._key}"},
                        timeout=TIMEOUT,
                    )
        return len(self._runs)

    def _run(self, check: Check) -> Result:
        if check.is_late and not self.patience.late:
            return Result(check, None)
        with network.session() as session:
            attempt = _Attempt(self, session)
            try:
                for step in check.steps:
                    attempt.take(step)
            except Difference as difference:
                return Result(check, str(difference))
            except requests.RequestException as error:
                return Result(check, f"no answer: {type(error).__name__}: {error}")
            finally:
                self._runs += attempt.runs
        return Result(check, "")


class _Attempt:
    """One check under way: its values and its runs."""

    def __init__(self, runner: Runner, session: requests.Session) -> None:
        self._runner = runner
        self._session = session
        self._values: dict[str, Any] = {"project": runner.project, "external": GENERATORS["$random"](12)}
        self._uploads: dict[str, str] = {}
        self._files: dict[str, tuple[str, str]] = {}  # key and name by how a step calls a file
        self.runs: list[int] = []
        self._actions: dict[str, Callable[[Step], None]] = {
            "GET": self._get,
            "POST": self._post,
            "RUN": self._create,
            "LINES": self._send_lines,
            "FILES": self._announce,
            "PUT": self._upload,
            "CHUNKED": self._upload,
            "FETCH": self._fetch,
            "SETTLE": lambda step: time.sleep(runner.patience.settle),
        }

    def take(self, step: Step) -> None:
        """Make the request of a step; raise Difference if its answer is another one."""
        self._actions[step.action](step)

    def _get(self, step: Step) -> None:
        """Read until the answer fits or patience ends: what was acknowledged is stored some seconds later."""
        patience = self._runner.patience
        end = time.monotonic() + (patience.late if step.options.get("late") else patience.stored)
        query = {name: str(value) for name, value in self._filled(step.value).items()}
        while True:
            answer = self._request(step, "GET", self._base(step.target) + self._filled(step.target), params=query)
            try:
                self._judge(step, answer)
                return
            except Difference:
                if time.monotonic() > end or not self._may_change(step, answer):
                    raise
            time.sleep(POLL)

    def _may_change(self, step: Step, answer: requests.Response) -> bool:
        """Return whether a later answer may fit: only data come late, not a status."""
        return step.options.get("status", 200) == 200 and answer.status_code == 200

    def _post(self, step: Step) -> None:
        path = self._filled(step.target)
        answer = self._request(step, "POST", self._base(path) + path, json=self._filled(step.value))
        if path == "/api/runs/create" and answer.status_code == 200:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                self.runs.append(int(answer.json()["runId"]))
        self._judge(step, answer)

    def _create(self, step: Step) -> None:
        fields = {"runName": "verify", "projectName": "$project", **step.value}
        options = {**step.options, "gives": {"runId": "*int", "displayId": "*text"}}
        options["save"] = {step.options.get("as", "run"): "runId", "display": "displayId"}
        self._post(Step("POST", "/api/runs/create", fields, options))

    def _send_lines(self, step: Step) -> None:
        lines = [line if isinstance(line, str) else json.dumps(line) for line in self._filled(step.value)]
        headers = {"Content-Type": "application/x-ndjson", **self._run_headers(step)}
        url = f"{self._runner.endpoints.ingest}/ingest/{step.target}"
        answer = self._request(step, "POST", url, data=("\n".join(lines) + "\n").encode(), headers=headers)
        self._judge(step, answer)

    def _announce(self, step: Step) -> None:
        entries = self._filled(step.value)
        headers = self._run_headers(step)
        url = f"{self._runner.endpoints.ingest}/files"
        answer = self._request(step, "POST", url, json={"files": entries}, headers=headers)
        self._judge(step, answer)
        if answer.status_code != 200:
            return
        uploads = {name: url for files in answer.json().values() for file in files for name, url in file.items()}
        for entry in entries:
            called = step.options.get("as", entry["fileName"])
            self._uploads[called] = uploads.get(entry["fileName"], "")
            self._files[called] = entry["logName"], entry["fileName"]

    def _upload(self, step: Step) -> None:
        url = self._uploads.get(step.target)
        if not url:
            raise Difference(f"no upload URL for the file {step.target}")
        content = step.value.encode()
        data = iter([content]) if step.action == "CHUNKED" else content
        answer = self._session.put(url, data=data, headers={"Content-Type": "text/plain"}, timeout=TIMEOUT)
        self._judge(step, answer)

    def _fetch(self, step: Step) -> None:
        key, name = self._files[step.target]
        end = time.monotonic() + self._runner.patience.stored
        query = {"runId": self._values["run"], "projectName": self._runner.project, "logName": key}
        url = None
        while url is None:
            answer = self._request(step, "GET", f"{self._runner.endpoints.api}/api/runs/files", params=query)
            listed = answer.json().get("files", []) if answer.status_code == 200 else []
            url = next((file.get("url") for file in listed if file.get("fileName") == name), None)
            if url is None and time.monotonic() > end:
                raise Difference(f"the file {name} is not listed")
            time.sleep(0 if url else POLL)
        answer = self._session.get(url, timeout=TIMEOUT)
        if (answer.status_code, answer.content) != (200, step.value.encode()):
            raise Difference(f"download of {name}: {answer.status_code} with {len(answer.content)} bytes")

    def _run_headers(self, step: Step) -> dict[str, str]:
        run = step.options.get("run", self._values.get("run", 0))
        return {"X-Run-Id": str(run), "X-Run-Name": "verify", "X-Project-Name": self._runner.project}

    def _base(self, path: str) -> str:
        endpoints = self._runner.endpoints
        return endpoints.py if path in ("/api/runs/trigger", "/api/runs/alert") else endpoints.api

    def _request(self, step: Step, method: str, url: str, **more: Any) -> requests.Response:
        headers = dict(more.pop("headers", {}))
        auth = step.options.get("auth")
        if auth != "none":
            headers["Authorization"] = f"Bearer {WRONG_KEY if auth == 'wrong' else self._runner._key}"
        return self._session.request(method, url, headers=headers, timeout=TIMEOUT, allow_redirects=False, **more)

    def _judge(self, step: Step, answer: requests.Response) -> None:
        """Raise Difference if status or content are not those that a step expects; save what it asks for."""
        expected = step.options.get("status", 200)
        allowed = expected if isinstance(expected, list) else [expected]
        what = f"{step.action} {step.target}".strip()
        if answer.status_code not in allowed:
            reason = re.sub(r"\s+", " ", answer.text)[:150]
            raise Difference(f"{what}: {answer.status_code} instead of {' or '.join(map(str, allowed))}: {reason}")
        if not {"gives", "lacks", "save"} & step.options.keys():
            return
        try:
            document = answer.json()
        except ValueError:
            raise Difference(f"{what}: the answer is not JSON") from None
        problem = mismatch(self._filled(step.options.get("gives", {})), document)
        if problem:
            raise Difference(f"{what}: {problem}")
        for path in step.options.get("lacks", []):
            if _has(document, path.split(".")):
                raise Difference(f"{what}: has {path}")
        for name, field in step.options.get("save", {}).items():
            self._values[name] = document[field]

    def _filled(self, value: Any) -> Any:
        """Return a value with its placeholders replaced and its generators run."""
        if isinstance(value, dict):
            if len(value) == 1:
                ((name, inner),) = value.items()
                if name in GENERATORS:
                    return GENERATORS[name](self._filled(inner))
            return {
                self._filled(name) if isinstance(name, str) else name: self._filled(inner)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if not isinstance(value, str) or "$" not in value:
            return value
        if value.startswith("$") and value[1:] in self._values:
            return self._values[value[1:]]
        return PLACEHOLDER.sub(lambda match: str(self._values.get(match[1], match[0])), value)


def mismatch(expected: Any, found: Any, path: str = "the answer") -> str:
    """Return how a value differs from the expected one, or an empty text.

    Objects need the expected members and may have more, lists need all entries; `$set` ignores their order, `$some`
    asks for entries among others.
    """
    if isinstance(expected, str) and expected in KINDS:
        return "" if KINDS[expected](found) else f"{path} is {_short(found)}, not {expected[1:]}"
    if isinstance(expected, dict) and len(expected) == 1 and {"$set", "$some"} & expected.keys():
        return _mismatch_of_set(expected, found, path)
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return f"{path} is {_short(found)}, not an object"
        problems = (
            mismatch(value, found[name], f"{path}.{name}") if name in found else f"{path} lacks {name}"
            for name, value in expected.items()
        )
        return next(filter(None, problems), "")
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            count = f"has {len(found)} entries" if isinstance(found, list) else f"is {_short(found)}"
            return f"{path} {count}, not {len(expected)} entries"
        pairs = enumerate(zip(expected, found, strict=True))
        return next(filter(None, (mismatch(one, other, f"{path}[{place}]") for place, (one, other) in pairs)), "")
    if isinstance(expected, float) and isinstance(found, (int, float)):
        return "" if abs(expected - found) <= 1e-9 * max(1.0, abs(expected)) else f"{path} is {found}, not {expected}"
    is_same = expected == found and isinstance(expected, bool) == isinstance(found, bool)
    return "" if is_same else f"{path} is {_short(found)}, not {_short(expected)}"


def _mismatch_of_set(expected: dict[str, Any], found: Any, path: str) -> str:
    ((kind, entries),) = expected.items()
    if not isinstance(found, list):
        return f"{path} is {_short(found)}, not a list"
    if kind == "$set" and len(found) != len(entries):
        return f"{path} has {len(found)} entries, not {len(entries)}"
    missing = [entry for entry in entries if not any(mismatch(entry, one) == "" for one in found)]
    return f"{path} lacks {_short(missing[0])}" if missing else ""


def _has(document: Any, path: list[str]) -> bool:
    for part in path:
        if isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            return False
    return True


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."

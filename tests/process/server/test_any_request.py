"""No request, however odd, makes the server stumble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.raw_http import Api
from wandb_compat.server.app import HEARTBEATS, INGESTS, READS, WRITES
from wandb_compat.server.serve import running

NAMES = [
    *("runId", "runName", "projectName", "externalId", "displayId", "config", "tags", "status", "statusMetadata"),
    *("statusUpdated", "createdAt", "forkRunId", "forkStep", "inheritTags", "logName", "logType", "graph", "alert"),
    *("timestamp", "title", "level", "files", "fileName", "fileSize", "time", "step", "data", "dataType", "message"),
    *("lineNumber", "limit", "offset", "sort", "filter", "search", "runIds", "stepMin", "aggregation", "logGroup"),
]
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=10),
        st.sampled_from(
            [1, 2**63, -(2**63), 2**64, 10**400, "\ud800", "\0", "{}", "[]", "null", '{"a": 1}', "RUNNING"]
        ),
        st.sampled_from(["-config.a.value", "summary_metrics.a", '{"config.a": {"$gt": 1}}', "X-1", "1,2", ""]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)
REQUESTS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=12)
many = settings(max_examples=150)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A client of a separate server, whose run 1 may be changed in any way."""
    with running(tmp_path_factory.mktemp("odd") / "data") as server:
        api = Api(server)
        api.metrics(api.create("odd", config='{"a": 1}', externalId="x"), "a", [1.0])
        yield api


def check(answer: requests.Response) -> None:
    """Check that a request was taken, or refused with a reason; a 500 is one that the real server gives too."""
    if answer.status_code == 500:
        (reason,) = answer.json().values()
        assert reason
    assert answer.status_code <= 500, answer.text


@many
@given(path=st.sampled_from([*WRITES, *HEARTBEATS, "/files"]), body=REQUESTS | JSON, data=st.data())
def test_writes(api: Api, path: str, body: Any, data: st.DataObject) -> None:
    """Every body is either taken or refused."""
    if isinstance(body, dict) and data.draw(st.booleans()):
        body = {"runName": "r", "projectName": "odd", "runId": 1, **body}
    headers = {"X-Run-Id": "1", "X-Project-Name": "odd", "Content-Type": "application/json"}
    check(api.session.post(api.url + path, data=json.dumps(body), headers=headers))


@many
@given(path=st.sampled_from(list(INGESTS)), lines=st.lists(REQUESTS | JSON | st.text(), max_size=5))
def test_ingest(api: Api, path: str, lines: list[Any]) -> None:
    """Every batch is either taken, in part or whole, or refused."""
    answer = api.ingest(path.rpartition("/")[2], 1, *[json.dumps(line) for line in lines])
    assert answer.status_code in (200, 422), answer.text


@many
@given(path=st.sampled_from([*READS, "/api/runs/files"]), parameters=REQUESTS, segment=st.text(min_size=1, max_size=8))
def test_reads(api: Api, path: str, parameters: dict[str, Any], segment: str) -> None:
    """Every query is either answered or refused."""
    for name in ("{runId}", "{displayId}"):
        path = path.replace(name, "".join(character for character in segment if character.isalnum()) or "1")
    texts = {name: str(value).encode("utf-8", "replace") for name, value in parameters.items()}
    check(api.get(path, **{"projectName": "odd", "runId": "1", **texts}))


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[" * 100_000, b'"\\ud800"', b"NaN"])
def test_bytes_that_are_no_json(api: Api, body: bytes) -> None:
    """Refused with a 400 where fields are needed, with a 500 for half of a surrogate pair."""
    headers = {"Content-Type": "application/json"}
    answer = api.session.post(f"{api.url}/api/runs/create", data=body, headers=headers)
    assert answer.status_code == (500 if b"ud800" in body else 400)
    assert api.session.post(f"{api.url}/ingest/metrics", data=body).status_code == 422

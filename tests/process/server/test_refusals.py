"""Bad requests get a clear refusal, harm nothing, and never become paths or pages."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import requests

from tests.helpers.raw_http import Api
from wandb_compat.server.limits import Limits
from wandb_compat.server.serve import Running, ServerError, running

NOW = 1_700_000_000_000
ENTRY = {
    "fileName": "a.txt",
    "fileSize": 3,
    "fileType": "txt",
    "time": NOW,
    "logName": "log",
    "step": 0,
    "sampleIndex": 0,
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server with small bounds."""
    bounds = Limits(body=2000, upload=100, upload_url=0.2, download_url=0.2)
    with running(tmp_path_factory.mktemp("strict") / "data", limits=bounds) as server:
        yield Api(server)


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/api/slug", 401, "error"),
        ("/api/runs/create", 401, "error"),
        ("/ingest/metrics", 422, "code"),
        ("/files", 401, "code"),
        ("/api/runs/trigger", 401, "detail"),
        ("/x", 401, "error"),
    ],
)
@pytest.mark.parametrize("header", [None, "Bearer None", "Bearer mlpi_0000000000000000", "Basic abc", "Bearer \u00e9"])
def test_requests_without_the_right_key_are_refused(
    api: Api, path: str, status: int, field: str, header: str | None
) -> None:
    """Each service refuses in the shape of the real one, the ingest service with 422."""
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = requests.post(api.url + path, headers=headers, timeout=60)
    assert answer.status_code == status
    assert answer.json()[field]


def test_health_and_grammar_need_no_key(api: Api) -> None:
    """A probe and the SDK's contract test have none."""
    assert requests.get(f"{api.url}/healthz", timeout=60).status_code == 200
    grammar = requests.get(f"{api.url}/api/openapi.json", timeout=60).json()["components"]["schemas"][
        "RunFilterGrammar"
    ]
    assert set(grammar["properties"]["booleanOperators"]["items"]["enum"]) == {"$and", "$or", "$not"}


@pytest.mark.parametrize(
    "fields",
    [
        {"tags": [f"t{i}" for i in range(51)]},
        {"tags": ["group:a", "group:b"]},
        {"tags": "one"},
        {"config": '{"a": NaN}'},
        {"config": "{"},
        {"config": {"a": 1}},
        {"runName": None},
        {"externalId": ""},
        {"forkRunId": 1},
        {"createdAt": -1},
    ],
)
def test_a_run_that_breaks_a_rule_is_not_created(api: Api, project: str, fields: dict[str, object]) -> None:
    """400 with a reason, and neither run nor project is left behind."""
    answer = api.post("/api/runs/create", **{"runName": "run", "projectName": project, **fields})
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert project not in [entry["name"] for entry in api.get("/api/runs/projects").json()["projects"]]


@pytest.mark.parametrize(
    "fields",
    [
        {"runName": "n" * 256},
        {"runName": "a\0b"},
        {"projectName": "p" * 256},
        {"externalId": "e" * 256},
        {"tags": ["\0"]},
        {"config": '{"a": "\\u0000"}'},
        {"config": '{"\\ud800": 1}'},
        {"config": '{"a":' * 130 + "1" + "}" * 130},
        {"createdAt": 8_640_000_000_000_000},
    ],
)
def test_what_the_real_database_cannot_store_is_500(api: Api, project: str, fields: dict[str, object]) -> None:
    """As on the real server, which has no better answer; no run is left behind."""
    answer = api.post("/api/runs/create", **{"runName": "run", "projectName": project, **fields})
    assert answer.status_code == 500
    assert answer.json()["error"]
    assert project not in [entry["name"] for entry in api.get("/api/runs/projects").json()["projects"]]


def test_fifty_tags_and_names_of_255_characters_are_taken(api: Api, project: str) -> None:
    """The bounds themselves are inside."""
    run = api.create(project, name="n" * 255, tags=[f"t{i}" for i in range(50)])
    assert len(api.details(run)["tags"]) == 50
    assert api.post("/api/runs/tags/update", runId=run, tags=[f"t{i}" for i in range(51)]).status_code == 400
    assert api.post("/api/runs/tags/update", runId=run, tags=["group:a", "group:b"]).status_code == 400


@pytest.mark.parametrize("config", [None, "[1]", "1", '{"a": Infinity}', "no json"])
def test_a_config_that_is_no_object_is_refused(api: Api, project: str, config: str | None) -> None:
    """And what was there stays."""
    run = api.create(project, config='{"a": 1}')
    assert api.post("/api/runs/config/update", runId=run, config=config).status_code == 400
    assert api.details(run)["config"] == {"a": 1}


def test_numbers_of_a_config_are_those_of_javascript(api: Api, project: str) -> None:
    """Integers beyond 2^53 are rounded to a double and whole floats lose their fraction, as on the real server."""
    config = {"exact": 2**53, "rounded": 2**60 + 1, "low": -(2**63), "whole": 2.0, "deep": {"list": [1, {"x": None}]}}
    run = api.create(project, config=json.dumps(config))
    assert api.details(run)["config"] == {
        **config,
        "rounded": 1_152_921_504_606_847_000,
        "low": -9_223_372_036_854_776_000,
    }
    assert type(api.details(run)["config"]["whole"]) is int


def test_long_log_names_are_500_unless_they_compress(api: Api, project: str) -> None:
    """The real database's index has no room for more than about 2,700 bytes."""
    run = api.create(project)
    for name, status in (("k" * 3500, 200), (secrets.token_hex(2000), 500)):
        answer = api.post("/api/runs/logName/add", runId=run, logName=[name], logType="METRIC")
        assert answer.status_code == status


def test_one_word_paths_are_decoded_as_short_ids(api: Api) -> None:
    """The real server answers any word with 200, without a key: a client must not trust the status alone."""
    for word in ("data", "alerts", "nothing"):
        answer = requests.get(f"{api.url}/api/runs/{word}", timeout=60)
        assert answer.status_code == 200
        assert set(answer.json()) == {"runId"}
    assert requests.get(f"{api.url}/api/runs/a-b", timeout=60).json() == {}
    assert requests.get(f"{api.url}/api/runs/list", timeout=60).status_code == 401


def test_unknown_runs_are_404(api: Api) -> None:
    """On every call but those that store data, which is accepted and never seen again, as on the real server."""
    for path in ("resume", "status/update", "logName/add", "tags/update", "config/update", "trigger", "alert"):
        alert = {"timestamp": 1, "level": "INFO", "title": "t"}
        body = {"status": "FAILED", "logType": "METRIC", "config": "{}", "alert": alert, "tags": [], "logName": []}
        assert api.post(f"/api/runs/{path}", runId=10**9, **body).status_code == 404, path
    assert api.ingest("metrics", 10**9, {"time": 1, "step": 1, "data": {"a": 1}}).status_code == 200
    assert api.presign(10**9, ENTRY).status_code == 200
    assert api.get("/api/runs/files", runId=10**9, projectName="any").json() == {"files": []}
    for path in ("details/1000000000", "details/by-display-id/ZZZZ-999"):
        assert api.get(f"/api/runs/{path}").status_code == 404
    assert api.get("/api/runs/details/by-display-id/nonsense").status_code == 400
    assert api.get("/api/runs/no/thing").status_code == 404


def test_a_display_id_of_two_projects_is_ambiguous(api: Api, project: str) -> None:
    """409 without a project, and the right run with one."""
    first, second = api.create(f"{project}x"), api.create(f"{project}y")
    display = api.details(first)["displayId"]
    assert api.details(second)["displayId"] == display
    assert api.get(f"/api/runs/details/by-display-id/{display}").status_code == 409
    assert api.post("/api/runs/resume", displayId=display).status_code == 409
    assert api.post("/api/runs/resume", displayId="1").status_code == 400
    assert api.get(f"/api/runs/details/by-display-id/{display}", projectName=f"{project}x").json()["id"] == first


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"time":1,"step":1}',
        '{"time":1,"step":1,"data":{}}',
        '{"time":1,"step":1,"data":{"a":"text"}}',
        '{"time":1,"step":1,"data":{"a":true}}',
        '{"time":1,"step":1,"data":{" ":1}}',
        '{"time":1,"step":-1,"data":{"a":1}}',
        '{"time":1,"step":1.5,"data":{"a":1}}',
        '{"time":1,"step":18446744073709551616,"data":{"a":1}}',
        '{"time":1,"step":1,"data":{"a":null}}',
        '{"time":1,"step":1,"data":{"a":1e400}}',
        '{"time":-1,"step":1,"data":{"a":1}}',
        '{"time":1,"step":1,"data":{"a":36893488147419103232}}',
        '{"time":1,"step":1,"data":{"a":1},"more":1}',
        b"\xff\xfe",
    ],
)
def test_a_bad_line_ends_a_batch_and_those_before_it_are_stored(api: Api, project: str, line: str | bytes) -> None:
    """422 with the line's place, as on the real server."""
    run = api.create(project)
    good, after = ({"time": 1, "step": 1, "data": {name: 1.0}} for name in ("good", "after"))
    assert api.ingest("metrics", run, line).status_code == 422
    answer = api.ingest("metrics", run, good, "", line, after)
    assert answer.status_code == 422
    assert answer.json()["code"] == "PROCESSING_FAILED"
    assert answer.json()["message"].startswith("Line 2 ")
    points = api.get("/api/runs/metrics", runId=run).json()["metrics"]
    assert [point["logName"] for point in points] == ["good"]


def test_bad_lines_of_data_and_logs_end_their_batch_too(api: Api, project: str) -> None:
    """The other two kinds follow the same rule."""
    run = api.create(project)
    datum = {"time": 1, "step": 1, "dataType": "TABLE", "logName": "t", "data": "{}"}
    log = {"time": 1, "message": "", "lineNumber": 1, "logType": "INFO"}
    for bad in ({"logName": ""}, {"data": {}}, {"step": -1}):
        assert api.ingest("data", run, datum, {**datum, **bad}).status_code == 422
    assert len(api.get("/api/embedded/data", runId=run).json()["data"]) == 1
    for bad in ({"message": None}, {"lineNumber": "1"}):
        assert api.ingest("logs", run, log, {**log, **bad}).status_code == 422
    assert api.get("/api/runs/logs", runId=run).json()["total"] == 1


def test_ingest_without_headers_is_refused(api: Api) -> None:
    """The run and its project come from the headers."""
    assert api.session.post(f"{api.url}/ingest/metrics", data=b"{}").status_code == 422


@pytest.mark.parametrize(
    "name", ["../../../../escape.txt", "/etc/passwd", "..", "a/../../b", "C:\\x", "nul\0byte", "ü\n.txt"]
)
def test_file_names_never_become_paths(api: Api, pluto_server: Running, project: str, name: str) -> None:
    """Whatever a file is called, its bytes stay inside the data folder and come back."""
    run = api.create(project)
    [entry] = api.presign(run, {**ENTRY, "fileName": name, "logName": "x"}).json()["x"]
    folds = {".", ".."} & set(name.split("/"))  # clients and stores remove such parts, so the signature never fits
    assert requests.put(entry[name], data=b"abc", timeout=60).status_code == (403 if folds else 200)
    [listed] = api.get("/api/runs/files", runId=run).json()["files"]
    assert listed["fileName"] == name
    assert folds or requests.get(listed["url"], timeout=60).content == b"abc"
    folder = pluto_server.data_dir
    assert not (folder.parent / "escape.txt").exists()
    stored = [path.name for path in (folder / "files").rglob("*") if path.is_file()]
    assert all(set(name) <= set("0123456789abcdef") for name in stored)


@pytest.mark.parametrize("part", ["name", "expires", "signature", "path", "method"])
def test_a_changed_url_opens_nothing(api: Api, project: str, part: str) -> None:
    """Each part of a signed URL is covered by the signature."""
    run = api.create(project)
    url = api.presign(run, ENTRY).json()["log"][0]["a.txt"]
    pieces = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(pieces.query).items()}
    path = pieces.path
    if part == "path":
        path = path[:-1] + ("0" if path[-1] != "0" else "1")
    elif part == "expires":
        query["expires"] = str(int(query["expires"]) + 1)
    elif part != "method":
        query[part] = "x" + query[part][1:]
    changed = urlunsplit(pieces._replace(path=path, query=urlencode(query)))
    method = "GET" if part == "method" else "PUT"
    assert requests.request(method, changed, data=b"abc", timeout=60).status_code == 403


def test_urls_expire(strict: Api) -> None:
    """An old upload URL is refused."""
    url = strict.presign(strict.create("p"), ENTRY).json()["log"][0]["a.txt"]
    time.sleep(0.3)
    assert requests.put(url, data=b"abc", timeout=60).status_code == 403


def test_large_bodies_and_uploads_are_refused(strict: Api) -> None:
    """413 for requests and files beyond the bounds, announced or not."""
    run = strict.create("p")
    assert strict.ingest("metrics", run, "x" * 3000).status_code == 413
    url = strict.presign(run, ENTRY).json()["log"][0]["a.txt"]
    assert requests.put(url, data=b"x" * 101, timeout=60).status_code == 413
    url = strict.presign(run, ENTRY).json()["log"][0]["a.txt"]
    answer = requests.put(url, data=iter([b"x" * 60, b"x" * 60]), timeout=60)
    assert (answer.status_code, "MissingContentLength" in answer.text) == (411, True)
    url = strict.presign(run, {**ENTRY, "fileSize": 0}).json()["log"][0]["a.txt"]
    assert requests.put(url, data=b"", timeout=60).status_code == 200
    listed = strict.get("/api/runs/files", runId=run).json()["files"]
    assert requests.get(listed[0]["url"], timeout=60).content == b""


@pytest.mark.parametrize(
    ("key", "name", "code"),
    [
        ("k" * 200, "a/" * 500 + "b", "KeyTooLongError"),
        ("k" * 256, "a", "XMinioInvalidObjectName"),
        ("k", "a" * 256, "XMinioInvalidObjectName"),
    ],
)
def test_uploads_under_keys_that_the_store_refuses_are_400(
    api: Api, project: str, key: str, name: str, code: str
) -> None:
    """The announcement is accepted, the upload is not."""
    run = api.create(project)
    [entry] = api.presign(run, {**ENTRY, "logName": key, "fileName": name}).json()[key]
    answer = requests.put(entry[name], data=b"abc", timeout=60)
    assert (answer.status_code, code in answer.text) == (400, True)


@pytest.mark.parametrize(
    "change",
    [
        {"fileName": None},
        {"fileType": None},
        {"step": None},
        {"logName": None},
        {"step": -1},
        {"fileSize": "3"},
        {"time": None},
    ],
)
def test_a_file_entry_that_breaks_a_rule_is_refused(api: Api, project: str, change: dict[str, object]) -> None:
    """422 in plain text with the place of the entry."""
    answer = api.presign(api.create(project), ENTRY, {**ENTRY, **change})
    assert answer.status_code == 422
    assert "files[1]" in answer.text


def test_uploaded_pages_cannot_act_as_the_server(api: Api, project: str) -> None:
    """An HTML file is served sandboxed and never sniffed."""
    run = api.create(project)
    url = api.presign(run, {**ENTRY, "fileName": "x.html", "fileSize": 8}).json()["log"][0]["x.html"]
    assert requests.put(url, data=b"<script>", timeout=60).status_code == 200
    [listed] = api.get("/api/runs/files", runId=run).json()["files"]
    headers = requests.get(listed["url"], timeout=60).headers
    assert headers["content-security-policy"].startswith("sandbox;")
    assert "script-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_the_folder_is_private_and_takes_one_server(tmp_path: Path) -> None:
    """Mode 0700 for the folder, 0600 for the key, and a second server gets the reason why it cannot start."""
    with running(tmp_path / "data") as server:
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "data" / "key").stat().st_mode & 0o777 == 0o600
        assert server.key.startswith("mlpi_")
        assert len(server.key) == len("mlpi_") + 16
        with pytest.raises(ServerError, match="Another server is using the data folder"):
            Running(tmp_path / "data")


def test_what_was_answered_survives_a_crash(tmp_path: Path) -> None:
    """After kill -9 and a new start on the same port everything is there, under the same key."""
    with running(tmp_path / "data") as server:
        api = Api(server)
        run = api.create("p", config='{"a": 1}')
        api.metrics(run, "m", [1.0, 2.0])
        server.kill()
        server.restart()
        assert api.details(run)["config"] == {"a": 1}
        assert len(api.get("/api/runs/metrics", runId=run).json()["metrics"]) == 2

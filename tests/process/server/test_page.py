"""Sign-in to the page and its data: who is admitted, what a cookie grants, what an exported file contains."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import Any

import pytest
import requests

from tests.helpers.raw_http import Api
from wandb_compat.server import auth
from wandb_compat.server.serve import Running


@pytest.fixture
def run(api: Api, pluto_server: Running, project: str) -> int:
    """A run with two metrics."""
    headers = {"Authorization": f"Bearer {pluto_server.key}"}
    body = {"runName": "=1+1", "projectName": project}
    made = requests.post(f"{pluto_server.url}/api/runs/create", json=body, headers=headers, timeout=30).json()
    lines = [{"time": 5, "step": step, "data": {"a": step, "@b": float("nan")}} for step in range(3)]
    more = {"X-Run-Id": str(made["runId"]), "X-Project-Name": project}
    body = "\n".join(map(json.dumps, lines))
    requests.post(f"{pluto_server.url}/ingest/metrics", data=body, headers={**headers, **more}, timeout=30)
    return int(made["runId"])


def test_a_link_signs_in_once(pluto_server: Running) -> None:
    """The first visitor gets a cookie that scripts cannot read; the second visitor gets the sign-in form."""
    link = auth.sign_in_link(pluto_server.url, pluto_server.key, "/o/local/projects/x?tag=a")
    with requests.Session() as first, requests.Session() as second:
        assert second.head(link, timeout=30).ok  # as what previews links does
        answer = first.get(link, allow_redirects=False, timeout=30)
        assert (answer.status_code, answer.headers["location"]) == (303, "/o/local/projects/x?tag=a")
        assert all(word in answer.headers["set-cookie"] for word in ("HttpOnly", "SameSite=lax"))
        assert first.get(f"{pluto_server.url}/page/projects", timeout=30).ok
        refused = second.get(link, allow_redirects=False, timeout=30)
        assert refused.headers["location"].startswith("/signin?used=1")
        assert second.get(f"{pluto_server.url}/page/projects", timeout=30).status_code == 401


def test_the_key_signs_in_and_a_wrong_one_does_not(pluto_server: Running) -> None:
    """The form takes the key only, and leads nowhere but to this server."""
    form_url = f"{pluto_server.url}/signin"
    with requests.Session() as session:
        form = {"key": "mlpi_wrong", "next": "/"}
        refused = session.post(form_url, data=form, allow_redirects=False, timeout=30)
        assert "wrong=1" in refused.headers["location"]
        assert not session.cookies
        for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: b=c"):
            form = {"key": pluto_server.key, "next": elsewhere}
            assert session.post(form_url, data=form, allow_redirects=False, timeout=30).headers["location"] == "/"
        assert session.get(f"{pluto_server.url}/", allow_redirects=False, timeout=30).status_code == 200


def test_signing_out_ends_the_session(pluto_server: Running) -> None:
    """Also for a copy of the cookie; a page of another site can neither sign in nor out, nor use a link up."""
    link = auth.sign_in_link(pluto_server.url, pluto_server.key)
    requests.head(link, timeout=30)
    with requests.Session() as session:
        session.get(link, timeout=30)
        copy = dict(session.cookies)
        assert requests.get(f"{pluto_server.url}/page/projects", cookies=copy, timeout=30).ok
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert session.post(f"{pluto_server.url}/signout", headers=headers, timeout=30).status_code == 403
            form = {"key": pluto_server.key}
            assert session.post(f"{pluto_server.url}/signin", data=form, headers=headers, timeout=30).status_code == 403
        assert requests.get(f"{pluto_server.url}/page/projects", cookies=copy, timeout=30).ok
        session.post(f"{pluto_server.url}/signout", headers={"Origin": "null"}, timeout=30)
        assert requests.get(f"{pluto_server.url}/page/projects", cookies=copy, timeout=30).status_code == 401


def test_a_cookie_opens_the_page_alone(pluto_server: Running) -> None:
    """What writes, and what Pluto's clients read, still takes the key; forged and old cookies open nothing."""
    page_auth = auth.PageAuth(pluto_server.key)
    cookies = {page_auth.cookie_name: page_auth.new_session()}
    get = lambda path, cookies: requests.get(pluto_server.url + path, cookies=cookies, timeout=30)  # noqa: E731
    assert get("/page/projects", cookies).ok
    assert get("/api/runs/projects", cookies).status_code == 401
    assert requests.post(f"{pluto_server.url}/api/slug", json={}, cookies=cookies, timeout=30).status_code == 401
    end, _, signature = page_auth.new_session().split(".")
    for forged in ("", "x", f"{int(end) + 99}.a.{signature}", f"{int(time.time()) - 5}.a.b"):
        assert get("/page/projects", {page_auth.cookie_name: forged}).status_code == 401


def test_the_page_edits_and_other_sites_cannot(api: Api, pluto_server: Running, run: int, project: str) -> None:
    """An edit takes the cookie, JSON and an origin of this server; the routes for clients take the key."""
    page_auth = auth.PageAuth(pluto_server.key)
    cookies = {page_auth.cookie_name: page_auth.new_session()}
    body = {"runs": [run], "name": "renamed"}

    def post(path: str, **more: Any) -> int:
        return requests.post(
            pluto_server.url + path, **{"json": body, "cookies": cookies, "timeout": 30, **more}
        ).status_code

    for change in ("edit", "delete", "restore", "stop"):
        assert post(f"/page/{change}", headers={"Origin": "https://evil.example"}) == 403
        assert post(f"/page/{change}", headers={"Sec-Fetch-Site": "cross-site"}) == 403
        assert post(f"/page/{change}", json=None, data=json.dumps(body), headers={"Content-Type": "text/plain"}) == 415
        assert post(f"/page/{change}", cookies={}) == 401
        assert post(f"/api/embedded/{change}") == 401
        assert requests.get(f"{pluto_server.url}/page/{change}", cookies=cookies, timeout=30).status_code == 404
    assert api.get("/api/runs/list", projectName=project).json()["runs"][0]["name"] == "=1+1"
    assert post("/page/edit", headers={"Origin": pluto_server.url}) == 200
    assert api.get("/api/runs/list", projectName=project).json()["runs"][0]["name"] == "renamed"
    assert post("/page/stop") == post("/page/delete") == 200
    assert api.get("/api/runs/list", projectName=project).json()["runs"] == []
    assert api.get(f"/api/runs/details/{run}").status_code == 404
    assert post("/page/restore") == 200
    assert api.post("/api/embedded/delete", runs=[run]).status_code == 200


def test_every_answer_is_guarded(pluto_server: Running) -> None:
    """No inline script, no style, no frame, no other host; a path out of the assets finds nothing."""
    for path in ("/signin", "/assets/main.js"):
        policy = requests.get(pluto_server.url + path, timeout=30).headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert requests.get(f"{pluto_server.url}/assets/..%2Fapp.py", timeout=30).status_code == 404
    assert requests.get(f"{pluto_server.url}/assets/%2Fetc%2Fpasswd", timeout=30).status_code == 404


def test_metrics_leave_as_csv_and_parquet(pluto_server: Running, run: int) -> None:
    """CSV has a line a step and nothing that a spreadsheet runs; Parquet has a row a number."""
    headers = {"Authorization": f"Bearer {pluto_server.key}"}
    answer = requests.get(f"{pluto_server.url}/page/export?runs={run}", headers=headers, timeout=30)
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["run", "name", "step", "time", "'@b", "a"]
    assert rows[1] == [str(run), "'=1+1", "0", "5", "nan", "0.0"]
    assert len(rows) == 4
    parquet = pytest.importorskip("pyarrow.parquet")
    answer = requests.get(f"{pluto_server.url}/page/export?runs={run}&format=parquet", headers=headers, timeout=30)
    table = parquet.read_table(io.BytesIO(answer.content))
    assert table.num_rows == 6
    assert table.column("key").to_pylist().count("a") == 3


def test_what_the_browser_has_is_not_sent_again(pluto_server: Running) -> None:
    """An asset comes whole the first time, and as a word when nothing has changed."""
    address = f"{pluto_server.url}/assets/core/router.js"
    first = requests.get(address, timeout=30)
    assert first.text.startswith("// Addresses")
    again = requests.get(address, headers={"If-None-Match": first.headers["ETag"]}, timeout=30)
    assert (again.status_code, again.content) == (304, b"")

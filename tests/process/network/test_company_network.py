"""Behind a company's proxy: its certificates, limits for bodies, redirects, and proxies on the way out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.nginx import Nginx, nginx
from tests.helpers.server_state import Script, Server
from tests.process.faults.conftest import environment, project, script, server
from wandb._native.api.connection import Reader
from wandb_compat.config import network as settings
from wandb_compat.conformance.cases import load
from wandb_compat.conformance.runner import Runner
from wandb_compat.wire import network
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints
from wandb_compat.wire.errors import Unavailable
from wandb_compat.wire.reach import reach

__all__ = ["environment", "project", "script", "server"]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory, pluto_server: Any) -> Iterator[Nginx]:
    """nginx before the session's server."""
    with nginx(tmp_path_factory.mktemp("nginx"), pluto_server.url) as running:
        yield running


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No certificates and proxies of this machine."""
    for name in (*settings.CERTIFICATE_VARIABLES, *settings.INSECURE_VARIABLES, *settings.PROXY_VARIABLES.values()):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings, "_proxies", {})
    monkeypatch.setattr(settings, "_insecure", False)
    monkeypatch.setattr(network, "_contexts", {})


def urls(url: str) -> dict[str, str]:
    return {f"PLUTO_URL_{name}": url for name in ("APP", "API", "INGEST", "PY")}


def use_everything(url: str, key: str, project: str) -> None:
    """Write, upload, download and read, as login, the uploader, `wandb.Api` and `verify-server` do."""
    reach(url)
    client = Client(Endpoints(url, url, url, url), key)
    assert client.check()
    run = client.create({"runName": "one", "projectName": project, "externalId": "one"}).run
    headers = {"X-Run-Id": str(run), "X-Project-Name": project, "X-Run-Name": "one"}
    entry = {"fileName": "a.txt", "fileSize": 3, "fileType": "txt", "time": 1, "logName": "a", "step": 0}
    put = client.presign(headers, [entry])["a.txt"]
    assert put.startswith(url)
    client.upload(put, io.BytesIO(b"abc"), "text/plain")
    (listed,) = client.files(run, project, logName="a")
    assert client.read(listed["url"]) == b"abc"
    reader = Reader(Endpoints(url, url, url, url), key, timeout=10)
    assert [found["id"] for found in reader.list_runs(project)] == [run]
    assert reader.get_run(project, run)["id"] == run
    upload = next(check for check in load() if check.that == "a file is announced, uploaded, listed and read")
    (result,) = Runner(Endpoints(url, url, url, url), key).run([upload])
    assert result.difference == ""


@pytest.mark.parametrize("variable", settings.CERTIFICATE_VARIABLES)
def test_every_variable_for_every_connection(
    front: Nginx, server: Server, project: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Whatever variable names the authority, it counts for the uploader, the store, login and reading back."""
    named = front.directory if variable == "SSL_CERT_DIR" else front.authority
    monkeypatch.setenv(variable, str(named))
    use_everything(front.url, server.key, project)


@pytest.mark.parametrize("how", [*settings.INSECURE_VARIABLES, "settings"])
def test_insecure(front: Nginx, server: Server, project: str, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """wandb's and Pluto's variables, and wandb's setting, turn the check off; the uploader inherits the setting."""
    if how == "settings":
        settings.configure(type("Settings", (), {"insecure_disable_ssl": True}))
        assert settings.environment() == {"WANDB_INSECURE_DISABLE_SSL": "true"}
    else:
        monkeypatch.setenv(how, "true")
    use_everything(front.url, server.key, project)


def test_the_systems_store_counts_without_a_variable(front: Nginx, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is asked by truststore; an unknown authority is refused with a message that says what to do."""
    truststore = pytest.importorskip("truststore")
    assert isinstance(network.ssl_context(), truststore.SSLContext)
    with pytest.raises(Unavailable, match="name the file with its authority in SSL_CERT_FILE"):
        reach(front.url)
    monkeypatch.setenv("SSL_CERT_FILE", "/does/not/exist")  # is as good as none
    with pytest.raises(Unavailable, match=r"docs/company-network\.md"):
        reach(front.url)


LARGE = """
    import random, wandb
    run = wandb.init(config={"lr": 0.1, "table": {f"key {i}": "v" * 100 for i in range(1300)}})
    run.log({f"metric/{i}/{'n' * 10}": i / 7 for i in range(6000)})
    run.log({"words": "w" * 50})
    run.log({"grid": wandb.Table(columns=["a", "b"], data=[["x" * 80, i] for i in range(2000)])})
    run.config.update({"later": {f"key {i}": ["u" * 1000] for i in range(150)}, "huge": "h" * 150_000})
    run.finish()
    api_run = wandb.Api().run(f"{run.project}/{run.id}")
    assert len(api_run.config["table"]) == 1300 and api_run.config["lr"] == 0.1
    assert len(api_run.config["later"]) == 150 and "huge" not in api_run.config
"""


def test_bodies_over_the_proxys_limit(front: Nginx, script: Script, server: Server, project: str) -> None:
    """nginx takes 128 KiB: a large configuration, row and table arrive in parts, and one value too large is named."""
    done = script(
        LARGE, SSL_CERT_FILE=str(front.authority), WANDB_COMPAT_BATCH_SIZE=str(4 * 1024**2), **urls(front.url)
    )
    assert "huge of the config: over the limit" in done.stderr, done.stderr
    assert "but 1 that it refused" in done.stderr
    run = server.ended(project)
    assert run["status"] == "COMPLETED"
    for index in (0, 2999, 3000, 5999):
        (row,) = server.metrics(project, run["id"], f"metric/{index}/{'n' * 10}")
        assert row["value"] == index / 7
    (grid,) = server.get("/api/runs/files", projectName=project, runId=run["id"], logName="grid")["files"]
    assert len(requests.get(grid["url"], timeout=10).json()["table"]) == 2000


@pytest.mark.parametrize("page", ["", "/pages"])
def test_redirects_are_explained_in_one_line(front: Nginx, server: Server, page: str) -> None:
    """The key follows no redirect; the message names the address to set, or says that it is a sign-in page."""
    base = front.plain + page
    client = Client(Endpoints(base, base, base, base), server.key)
    with pytest.raises(Unavailable) as caught:
        client.check()
    message = str(caught.value)
    assert "<" not in message and "\n" not in message
    expected = f"redirects to {front.url}: set PLUTO_URL_APP, PLUTO_URL_API" if not page else "sign-in.example"
    assert expected in message


@pytest.mark.parametrize("given", ["x_proxies", "http_proxy"])
def test_proxies_of_wandbs_settings(
    proxy: FaultProxy, server: Server, project: str, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    """Requests go through the proxy that the settings name, unless NO_PROXY excepts the host."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    value: Any = {"http": proxy.url} if given == "x_proxies" else proxy.url
    settings.configure(type("Settings", (), {given: value}))
    assert settings.environment() == {"WANDB_HTTP_PROXY": proxy.url}
    base = "http://pluto.invalid"
    client = Client(Endpoints(base, base, base, base), server.key)
    proxy.target = server.url  # answers whatever host is asked for
    with pytest.raises(Exception):  # noqa: B017 - the proxy of the tests does not know absolute addresses
        client.check()
    assert proxy.calls and proxy.calls[0].headers["Host"] == "pluto.invalid"
    count = len(proxy.calls)
    monkeypatch.setenv("NO_PROXY", "pluto.invalid")
    with pytest.raises(Unavailable):
        client.check()
    assert len(proxy.calls) == count

"""A run in a notebook: cells of a real kernel, whose output is opened in a real browser on another local origin."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.helpers.large_library import large_library
from wandb_compat.server.serve import Running
from wandb_compat.wire.signed_text import embed_link

nbformat = large_library("nbformat")
nbclient = large_library("nbclient")

CELLS = (
    "import wandb\nrun = wandb.init(project='framed', name='of <the> notebook')\n"
    "for step in range(30):\n    run.log({'loss': 1 / (step + 1), 'acc': step / 30})\n"
    "while not run.url or run.status().sync_items_pending:\n    import time; time.sleep(0.1)",
    "%wandb -h 500",
    "run",
    "run.log({'loss': 0}); run.finish()",
    "wandb.Api().run(f'framed/{run.id}').display()",
    "wandb.Api().project('framed').display()",
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory, pluto_server: Running) -> list[list[dict[str, str]]]:
    """What each cell has shown, by type."""
    folder = tmp_path_factory.mktemp("notebook")
    environment = {**os.environ, **pluto_server.environment(), "HOME": str(folder), "PLUTO_DISABLE_TELEMETRY": "1"}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute(env=environment)
    shown = [cell.outputs for cell in notebook.cells]
    return [[dict(one.get("data", {"text/plain": one.get("text", "")})) for one in cell] for cell in shown]


@pytest.fixture(scope="module")
def notebook(outputs: list[list[dict[str, str]]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a page with the HTML of all cells, as a notebook shows them, from another origin and host name."""
    folder: Path = tmp_path_factory.mktemp("shown")
    parts = [one["text/html"] for cell in outputs for one in cell if "text/html" in one]
    (folder / "index.html").write_text(
        "<!doctype html><meta charset=utf-8>" + "<hr>".join(f"<section>{part}</section>" for part in parts), "utf-8"
    )
    with serve(folder, "127.0.0.1") as port:
        yield f"http://localhost:{port}/"


@contextlib.contextmanager
def serve(folder: Path, host: str) -> Iterator[int]:
    """Serve files, and yield the port."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer((host, 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def frame_of(page: Any, title: str) -> Any:
    """Return the frame of which the title begins with a text."""
    return page.locator(f'iframe[title^="{title}"]').first


def test_the_live_page_is_shown_in_a_frame(browser: Any, notebook: str) -> None:
    """Without a cookie the frame draws the run's charts, and the static picture gives way to it."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(notebook)
    frame = frame_of(page, "Run of")
    frame.wait_for(state="visible")
    inside = frame.content_frame
    inside.get_by_role("tab", name="Charts").wait_for()
    inside.locator("canvas").first.wait_for(state="visible")
    assert page.evaluate("document.querySelector('.still').style.display") == "none"
    assert frame.bounding_box()["height"] == 500
    assert inside.get_by_role("button", name="Sign out").count() == 0
    assert page.context.cookies() == []
    for tab in ("Summary", "Config", "Console", "System"):
        if inside.get_by_role("tab", name=tab).count():
            inside.get_by_role("tab", name=tab).click()
            assert inside.get_by_role("alert").count() == 0
    page.context.close()


def test_the_picture_stays_without_the_server(browser: Any, notebook: str, pluto_server: Running) -> None:
    """In an export, on another machine, or after the server has ended, the static picture is what one sees."""
    context = browser.new_context()
    context.route(f"{pluto_server.url}/**", lambda route: route.abort())
    page = context.new_page()
    page.goto(notebook)
    assert page.locator(".still img").first.is_visible()
    assert page.locator(".still img").first.evaluate("image => image.naturalWidth") > 100
    page.wait_for_timeout(300)
    assert not frame_of(page, "Run of").is_visible()
    context.close()


def test_the_run_as_last_line_opens_on_a_click(browser: Any, notebook: str) -> None:
    """`run` shows a line that opens the run, as wandb's button does."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(notebook)
    folded = page.locator("details")
    assert not folded.locator("iframe").is_visible()
    folded.locator("summary").click()
    folded.locator("iframe").wait_for(state="visible")
    folded.locator("iframe").scroll_into_view_if_needed()  # charts out of sight are not drawn
    folded.locator("iframe").content_frame.locator("canvas").first.wait_for(state="visible")
    page.context.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no second loopback address")
def test_a_page_elsewhere_may_not_frame_it(browser: Any, outputs: list[list[dict[str, str]]], tmp_path: Path) -> None:
    """Only pages of `localhost` and `127.0.0.1` may: the browser refuses any other origin."""
    (tmp_path / "index.html").write_text(outputs[1][0]["text/html"], "utf-8")
    page = browser.new_page()
    refusal = page.expect_event("console", lambda message: "frame-ancestors" in message.text)
    with serve(tmp_path, "127.0.0.2") as port, refusal:
        page.goto(f"http://127.0.0.2:{port}/")
    assert not page.locator("iframe").is_visible() and page.locator(".still img").is_visible()
    page.context.close()


def test_what_the_cells_say(outputs: list[list[dict[str, str]]]) -> None:
    """Links and progress at the beginning, history and summary at the end; a picture in each format; no `W&B`."""
    begin, shown, last, end, read_back, project = outputs
    assert "steps" in begin[0]["text/html"] and "/o/local/projects/framed/" in begin[0]["text/html"]
    assert [one for one in begin if "text/html" not in one] == []
    for output in (shown[0], last[0]):
        assert output["image/svg+xml"].startswith("<svg") and "loss" in output["image/svg+xml"]
    assert "Run history:" in end[-1]["text/html"] and "Run summary:" in end[-1]["text/html"]
    assert "▁" in end[-1]["text/html"] and "Pluto took every row" in end[-1]["text/html"]
    assert "data:image/svg+xml;base64," in read_back[0]["text/html"] and "<iframe" in read_back[0]["text/html"]
    assert "<iframe" not in project[0]["text/html"] and "/o/local/projects/framed" in project[0]["text/html"]
    assert "W&B" not in str(outputs) and "W&amp;B" not in str(outputs) and "UserWarning" not in str(outputs)
    assert "<the>" not in str([one.get("text/html") for cell in outputs for one in cell])


def test_the_token_reads_one_run(pluto_server: Running, outputs: list[list[dict[str, str]]]) -> None:
    """The URL of a frame reads its own run, for a while, and changes nothing."""
    page = outputs[0][0]["text/html"].split('href="')[1].split('"')[0]
    number = page.rpartition("/")[2]
    link = embed_link(page, pluto_server.key)
    assert link is not None and embed_link("https://pluto.example/o/team/projects/framed/3", "key") is None
    base = link.partition("/o/")[0]

    def status(path: str, address: str = base, **options: Any) -> int:
        method = "POST" if options else "GET"
        return requests.request(method, f"{address}{path}", timeout=30, allow_redirects=False, **options).status_code

    assert status(f"/page/runs?runs={number}") == 200
    charts = {"keys": ["loss"], "width": 100}
    assert status("/page/charts", json={"runs": [int(number)], **charts}) == 200
    assert status("/page/charts", json={"runs": [int(number), 1 + int(number)], **charts}) == 401
    assert status("/page/charts", json={"runs": [], **charts}) == 401
    for query in (f"runs={number},1", f"runs={1 + int(number)}", f"runs={number}&runs=1", f"runs={number}&run=1", ""):
        assert status(f"/page/runs?{query}") in (401, 403), query
    assert status(f"/page/events?runs={number}&project=framed") == 403
    assert status("/page/projects") not in (200, 303) and status("/page/table?project=framed") not in (200, 303)
    assert status(f"/o/local/projects/framed/{1 + int(number)}") == 403
    forged = base[:-1] + ("0" if base[-1] != "0" else "1")
    assert status(f"/page/runs?runs={number}", forged) == 401
    assert status(f"/o/local/projects/framed/{number}", forged) == 403
    expired = f"{base.rpartition('/')[0]}/1.{base.rpartition('/')[2].partition('.')[2]}"
    assert status(f"/page/runs?runs={number}", expired) == 401

"""The charts of `wandb.plot` and of a user's own specification are drawn; a hostile specification does nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import requests

from tests.process.page.conftest import HOSTILE, run_numbers, until
from wandb_compat.server.serve import Running

SCRIPT = f"""
import wandb

HOSTILE = {HOSTILE!r}
with wandb.init(project="custom", name="charts") as run:
    rows = [[index, index * index, "ab"[index % 2]] for index in range(20)]
    table = wandb.Table(columns=["x.y[0]", "y", HOSTILE], data=rows)
    run.log({{
        "line": wandb.plot.line(table, "x.y[0]", "y", title=HOSTILE),
        "scatter": wandb.plot.scatter(table, "x.y[0]", "y"),
        "bar": wandb.plot.bar(table, HOSTILE, "y", title="bars"),
        "histogram": wandb.plot.histogram(table, "y"),
        "series": wandb.plot.line_series([0, 1, 2], [[1, 2, 3], [3, 2, 1]], keys=["p", "q"], title="two"),
        "confusion": wandb.plot.confusion_matrix(y_true=[0, 1, 1], preds=[0, 1, 0], class_names=["cat", "dog"]),
        "unknown": wandb.plot_table("someone/else/v0", table, {{"x": "y"}}),
    }})
"""
# A specification as a client can send it: it wants to load data, to run code and to lead away.
EVIL = {
    "$schema": "https://vega.github.io/schema/vega/v5.json",
    "signals": [{"name": "s", "update": "constructor.constructor('window.hacked = 1')()"}],
    "data": [{"name": "wandb"}, {"name": "more", "url": "/page/projects"}],
    "marks": [{"type": "symbol", "from": {"data": "wandb"}, "encode": {"enter": {"href": {"value": "javascript:1"}}}}],
}
OWN = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "mark": "bar",
    "encoding": {"x": {"field": "${field:place}"}, "y": {"field": "${field:amount}", "title": "${string:label}"}},
}


@pytest.fixture(scope="module")
def number(served: Running, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> int:
    """The number of the run of the project `custom`."""
    settings = {**environment, **served.environment()}
    subprocess.run([sys.executable, "-c", SCRIPT], env=settings, cwd=tmp_path_factory.mktemp("custom"), check=True)
    return run_numbers(served, "custom")[0]


def test_charts_are_drawn(visit: Any, number: int) -> None:
    """Each has a canvas that is not empty, whatever its columns are called; the reason is given for one without."""
    page = visit(f"/o/local/projects/custom/{number}")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.get_by_role("tab", name="Custom charts").click()
    for key in ("line", "scatter", "bar", "histogram", "series", "confusion"):
        canvas = page.locator(f"section[aria-label={key}] canvas")
        canvas.wait_for()
        colors = canvas.evaluate(
            "(it) => new Set(new Uint32Array("
            "it.getContext('2d').getImageData(0, 0, it.width, it.height).data.buffer)).size"
        )
        assert colors > 5, key
    page.locator("section[aria-label=unknown]", has_text="specification that was not logged").wait_for()
    assert any("vega" in url for url in requested)


def test_specifications_of_users(visit: Any, served: Running, number: int) -> None:
    """One of Vega-Lite is drawn from its fields; one that is hostile loads and runs nothing."""
    charts = [
        {
            "key": "own",
            "tableKey": "line_table",
            "spec": OWN,
            "fields": {"place": "y", "amount": "y"},
            "strings": {"label": "n"},
        },
        {"key": "evil", "tableKey": "line_table", "spec": EVIL},
        {"key": "odd", "tableKey": "nothing", "preset": "__proto__"},
        "no chart",
    ]
    requests.post(
        f"{served.url}/api/runs/config/update",
        json={"runId": number, "config": json.dumps({"wandb": {"custom_charts": charts}})},
        headers={"Authorization": f"Bearer {served.key}"},
        timeout=30,
    ).raise_for_status()
    page = visit(f"/o/local/projects/custom/{number}?tab=custom")
    page.locator("section[aria-label=own] canvas").wait_for()
    page.locator("section[aria-label=evil]", has_text="cannot be drawn").wait_for()
    page.locator("section[aria-label=odd]", has_text="not logged").wait_for()
    until(page, "window.hacked === undefined")

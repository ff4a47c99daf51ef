"""`python -m bench.viewing`: how long the embedded server's page takes to open, and what open pages cost ingest.

A data folder is filled through the store itself; over the wire it would take hours. Then
a real server has it and a real browser, Chromium, opens the page, with nothing in its cache. Figures are medians, with
the least and the greatest in brackets.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import requests
from playwright import sync_api as playwright
from rich.console import Console
from rich.table import Table

from tests.process.page.conftest import BROWSERS, FLAGS
from wandb_compat.server import auth
from wandb_compat.server.page import charts, workspace
from wandb_compat.server.params import Fields, Query
from wandb_compat.server.serve import Running, running
from wandb_compat.server.storage import downsampling, runs
from wandb_compat.server.storage.database import Store

ROUNDS = 5
GROUPED = 200  # runs of a workspace
BATCH = 1000  # rows a request
ROWS = 20_000  # rows of one turn of ingest
IN_SIGHT = """(() => {
    const charts = [...document.querySelectorAll(".chart")];
    const seen = charts.filter((one) => one.getBoundingClientRect().top < innerHeight);
    return seen.length > 0 && seen.every((one) => one.querySelector("canvas"));
})()"""


def make_run(store: Store, project: str, name: str, config: dict[str, object]) -> int:
    """Create a run and return its number."""
    fields = {"runName": name, "projectName": project, "config": json.dumps(config), "tags": [f"seed:{name[-1]}"]}
    return int(runs.create(store, Fields(fields), "")["runId"])


def fill(store: Store, run: int, keys: list[str], points: int) -> None:
    """Store so many points of each metric of a run."""
    for key in keys:
        with store.write() as connection:
            series = connection.execute("INSERT INTO series (run, name) VALUES (?, ?)", (run, key)).lastrowid
            connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                " INSERT INTO metric SELECT ?, i, 1700000000000 + i * 10, abs(random() % 1000003) / 1000003.0 FROM n",
                (points - 1, series),
            )
            assert series is not None
            store.backlog.add_points(connection, series, range(points))


def spread(times: list[float], unit: str = "s") -> str:
    """Return the median with the least and the greatest."""
    show = "{:.2f}" if unit == "s" else "{:,.0f}"
    middle, least, most = (show.format(one) for one in (median(times), min(times), max(times)))
    return f"{middle} {unit} ({least} to {most})"


def seconds(call: Callable[[], object]) -> str:
    """Return how long a call takes."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return spread(times)


@contextlib.contextmanager
def browsing() -> Iterator[Any]:
    """Run Chromium while the block runs."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("There is no Chromium; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def opened(browser: Any, server: Running, path: str, there: str) -> float:
    """Return how many seconds an address takes until an expression is true, for someone who has signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(auth.sign_in_link(server.url, server.key, "/signin"))
    began = time.perf_counter()
    page.goto(f"{server.url}{path}", wait_until="commit")
    while not page.evaluate(there):
        time.sleep(0.01)
    spent = time.perf_counter() - began
    context.close()
    return spent


def bodies(rows: int) -> list[bytes]:
    """Return the requests that bring so many rows of ten numbers."""
    made = []
    for start in range(0, rows, BATCH):
        lines = []
        for step in range(start, min(start + BATCH, rows)):
            data = {f"train/metric{key}": random.random() for key in range(10)}
            lines.append(json.dumps({"time": 1_700_000_000_000 + step, "step": step, "data": data}))
        made.append("\n".join(lines).encode())
    return made


def ingest(browser: Any, server: Running, batches: list[bytes], pages: int) -> float:
    """Return rows stored a second while so many pages show the run that grows."""
    headers = {"Authorization": f"Bearer {server.key}"}
    with requests.Session() as session:
        session.headers.update(headers)
        fields = {"runName": f"{pages} pages", "projectName": "growing"}
        answer = session.post(f"{server.url}/api/runs/create", json=fields)
        answer.raise_for_status()
        run = answer.json()["runId"]
        about = {"X-Run-Id": str(run), "X-Project-Name": "growing"}
        session.post(f"{server.url}/ingest/metrics", data=batches[0], headers=about).raise_for_status()
        contexts = [browser.new_context() for _ in range(pages)]
        for context in contexts:
            page = context.new_page()
            page.goto(auth.sign_in_link(server.url, server.key, f"/o/local/projects/growing/{run}"))
            page.wait_for_selector(".chart canvas")
        began = time.perf_counter()
        for body in batches[1:]:
            session.post(f"{server.url}/ingest/metrics", data=body, headers=about).raise_for_status()
        spent = time.perf_counter() - began
        for context in contexts:
            context.close()
    return (len(batches) - 1) * BATCH / spent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.viewing", description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="runs that are compared (10)")
    parser.add_argument("--points", type=int, default=1_000_000, help="points of each line of ten charts (1000000)")
    parser.add_argument("--table", type=int, default=1000, help="runs in the table (1000)")
    given = parser.parse_args()
    load = ", ".join(f"{one:.0f}" for one in os.getloadavg())
    shown = Table("", "", title=f"the embedded server's page; {os.cpu_count()} cores, load at the start {load}")
    with tempfile.TemporaryDirectory() as name, browsing() as browser:
        folder = Path(name) / "data"
        store = Store(folder)
        lengths = {given.points: 10, given.points // 10: 10, given.points // 100: 80}  # of these so many charts
        keys = {
            points: [f"{place}/{key:02}" for key in range(many)] for place, (points, many) in enumerate(lengths.items())
        }
        numbers = [make_run(store, "charts", f"run {n}", {"lr": n}) for n in range(given.runs)]
        began = time.perf_counter()
        for points, names in keys.items():
            for number in numbers:
                fill(store, number, names, points)
        filled = time.perf_counter()
        count = downsampling.run_all(store)
        print(f"filled in {filled - began:.0f} s, {count:,} points thinned in {time.perf_counter() - filled:.0f} s")
        table = [f"eval/{key:02}" for key in range(20)]
        for n in range(given.table):
            config = {"lr": random.random(), "optimizer": {"name": "adam", "beta": n}}
            fill(store, make_run(store, "table", f"run {n}", config), table, 3)
        seeds = [make_run(store, "workspace", f"run {n}", {"lr": n % 7, "seed": n}) for n in range(GROUPED)]
        for number in seeds:
            fill(store, number, ["loss"], 10_000)
            fill(store, number, [f"{key % 5}/{key:02}" for key in range(29)], 300)
        downsampling.run_all(store)
        size = (folder / "pluto.db").stat().st_size / 1e9
        print(f"{size:.1f} GB in the data folder", flush=True)
        several = f"charts of {given.runs} runs"
        asked = {f"10 {several}, {points:,} points a line": names[:10] for points, names in keys.items()}
        asked[f"all 100 {several}"] = [key for names in keys.values() for key in names]
        for words, names in asked.items():
            ask = {"runs": numbers, "keys": names, "width": 400}
            findings = seconds(lambda ask=ask: charts.charts(store, Fields(ask)))  # type: ignore[misc]
            shown.add_row(f"one request: {words}", findings)
        ask = {"runs": numbers, "keys": keys[given.points], "width": 400}
        ask |= {"low": given.points // 3, "high": given.points // 3 + given.points // 50}
        words = f"one request: 10 {several}, zoomed in fifty times where a line has {given.points:,} points"
        shown.add_row(words, seconds(lambda: charts.charts(store, Fields(ask))))
        view = {"project": "table", "sort": "summary_metrics.eval/00", "columns": '["config.lr", "summary.eval/01"]'}
        words = f"one request: the first page of a table of {given.table} runs, sorted by a metric"
        shown.add_row(words, seconds(lambda: workspace.run_table(store, Query(view))))
        groups = [[number for at, number in enumerate(seeds) if at % 7 == group] for group in range(7)]
        ask = {"groups": groups, "keys": ["loss"], "width": 500}
        words = f"one request: {GROUPED} runs of 10,000 points in seven groups, averaged"
        shown.add_row(words, seconds(lambda: charts.groups(store, Fields(ask))))
        store.close()
        with running(folder) as server:
            place = f"/o/local/projects/charts/{','.join(map(str, numbers))}"

            def look(words: str, path: str, there: str) -> None:
                shown.add_row(
                    f"browser: {words}", spread([opened(browser, server, path, there) for _ in range(ROUNDS)])
                )

            rows = "document.querySelectorAll('tbody tr').length > 40"
            look(f"the table of {given.table} runs", "/o/local/projects/table?view=table", rows)
            look(f"{GROUPED} runs and 30 charts of the newest ten", "/o/local/projects/workspace", IN_SIGHT)
            look(f"all 100 {several}, those in sight drawn", place, IN_SIGHT)
            for points, names in keys.items():
                section = names[0][:2]
                look(
                    f"charts of {given.runs} runs, {points:,} points a line, those in sight drawn",
                    f"{place}?find=^{section}",
                    IN_SIGHT,
                )
            batches = bodies(ROWS + BATCH)
            rates: dict[int, list[float]] = {pages: [] for pages in (0, 1, 4)}
            for _ in range(3):
                for pages, found in rates.items():
                    found.append(ingest(browser, server, batches, pages))
            for pages, found in rates.items():
                words = f"rows of ten numbers that are stored a second while {pages} pages show the run"
                shown.add_row(words, spread(found, "rows"))
    Console(width=140).print(shown)


if __name__ == "__main__":
    main()

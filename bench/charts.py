"""`python -m bench.charts`: what the embedded server's page waits for, and what thinning costs ingest.

Prints a table: rows stored a second with and without thinning beside it, the time of one request for the charts of many
runs, of one zoomed in, and of the run table.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from wandb_compat.local import ingest, page_data, runs, thinning
from wandb_compat.local.fields import Fields, Query
from wandb_compat.local.store import Store

BATCH = 1000  # rows a request


def make_run(store: Store, project: str, name: str, config: dict[str, object]) -> int:
    """Create a run and return its number."""
    fields = {"runName": name, "projectName": project, "config": json.dumps(config), "tags": [f"seed:{name[-1]}"]}
    return int(runs.create(store, Fields(fields), "")["runId"])


def batches(keys: int, rows: int) -> list[bytes]:
    """Return the bodies of the requests that bring so many rows of random numbers."""
    numbers = [random.random() for _ in range(997)]
    bodies = []
    for start in range(0, rows, BATCH):
        lines = []
        for step in range(start, min(start + BATCH, rows)):
            data = ",".join(f'"train/metric{key:03}":{numbers[(step * 7 + key) % 997]:.6f}' for key in range(keys))
            lines.append(f'{{"time":{1_700_000_000_000 + step},"step":{step},"data":{{{data}}}}}')
        bodies.append("\n".join(lines).encode())
    return bodies


def rate(store: Store, run: int, bodies: list[bytes], thinned: bool) -> float:
    """Return rows stored a second, with or without a thread that thins what comes."""
    stop = threading.Event()

    def thin() -> None:
        while not stop.wait(thinning.paced_turn(store)):
            pass

    thread = threading.Thread(target=thin)
    if thinned:
        thread.start()
    began = time.perf_counter()
    for body in bodies:
        ingest.metrics(store, run, body)
    spent = time.perf_counter() - began
    stop.set()
    if thinned:
        thread.join()
    return len(bodies) * BATCH / spent


def seconds(call: Callable[[], object], rounds: int = 5) -> str:
    """Return the median time of a call, with the least and the greatest."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return f"{median(times):.3f} s ({min(times):.3f} to {max(times):.3f})"


def fill(store: Store, run: int, keys: list[str], points: int) -> None:
    """Store the points of a run straight into the database: over the wire it would take hours."""
    with store.write() as connection:
        for key in keys:
            series = connection.execute("INSERT INTO series (run, name) VALUES (?, ?)", (run, key)).lastrowid
            connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                " INSERT INTO metric SELECT ?, i, 1700000000000 + i * 10, abs(random() % 1000003) / 1000003.0 FROM n",
                (points - 1, series),
            )
            assert series is not None
            store.news.arrive(connection, series, 0, [(0, 0, None)] * points)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.charts", description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="runs that are compared (10)")
    parser.add_argument("--charts", type=int, default=100, help="metrics of each (100)")
    parser.add_argument("--points", type=int, default=10_000, help="points of each metric of each run (10000)")
    parser.add_argument("--table", type=int, default=1000, help="runs in the table (1000)")
    parser.add_argument("--rows", type=int, default=100_000, help="rows that are ingested, ten numbers each (100000)")
    given = parser.parse_args()
    shown = Table("", "", title="the embedded server's page")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "data")
        bodies = batches(10, given.rows)
        for thinned in (False, True, False, True):
            run = make_run(store, "ingest", f"run {thinned}", {})
            words = "with thinning beside it" if thinned else "alone"
            shown.add_row(f"rows of ten numbers stored a second, {words}", f"{rate(store, run, bodies, thinned):,.0f}")
        keys = [f"{'train' if key % 2 else 'eval'}/metric{key:03}" for key in range(given.charts)]
        numbers = [make_run(store, "charts", f"run {n}", {"lr": n}) for n in range(given.runs)]
        began = time.perf_counter()
        for number in numbers:
            fill(store, number, keys, given.points)
        filled = time.perf_counter()
        thinned_points = thinning.catch_up(store)
        spent = time.perf_counter() - filled
        print(f"filled in {filled - began:.0f} s, thinned {thinned_points:,} points in {spent:.0f} s", flush=True)
        asked = {"runs": numbers, "keys": keys, "width": 300}
        what = f"{given.charts} charts of {given.runs} runs, {given.points:,} points each line"
        shown.add_row(what, seconds(lambda: page_data.charts(store, Fields(asked))))
        zoom = {**asked, "low": given.points // 3, "high": given.points // 3 + given.points // 50}
        shown.add_row("the same, zoomed in fifty times", seconds(lambda: page_data.charts(store, Fields(zoom))))
        for n in range(given.table):
            run = make_run(
                store, "table", f"run {n}", {"lr": random.random(), "optimizer": {"name": "adam", "beta": n}}
            )
            fill(store, run, keys[:20], 3)
        view = {"project": "table", "sort": "summary_metrics.eval/metric000", "limit": "100"}
        columns = json.dumps(
            ["config.lr", "config.optimizer.name", "summary.eval/metric000", "summary.train/metric001"]
        )
        shown.add_row(
            f"first page of a table of {given.table} runs, sorted by a metric",
            seconds(lambda: page_data.run_table(store, Query({**view, "columns": columns}))),
        )
        store.close()
    Console(width=120).print(shown)


if __name__ == "__main__":
    main()

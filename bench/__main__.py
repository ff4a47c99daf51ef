"""`make bench`: our `log` beside its peers, in interleaved rounds of one run.

Each figure is the median of the rounds, with the least and the greatest in brackets; a ratio is a peer's figure over
ours in the same round, so above one means that we need less. All rounds go to `bench/results/` as JSON;
`python -m bench.page FILE` makes the page of it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.contenders import NO_SERVER, Bench
from tests.helpers.fault_proxy import FaultProxy
from wandb_compat.server.serve import running

RESULTS = Path(__file__).with_name("results")
OURS = "wandb-compat"
PEERS = (
    OURS,
    "append",
    "wandb",
    "wandb disabled",
    "pluto-ml",
    "pluto-ml patches wandb",
    "pluto-ml for wandb",
    "trackio",
)
US, MS, MB = 1e6, 1e3, 1 / 1024**2
FIGURES = {
    "p50": ("caller's time of a call, p50, µs", US),
    "p90": ("the same, p90, µs", US),
    "p99": ("the same, p99, µs", US),
    "max": ("the same, maximum, µs", US),
    "mean": ("time a call, mean, µs", US),
    "cpu": ("process CPU a call, finish included, µs", US),
    "share": ("processors that the trainer keeps busy", 1),
    "init": ("init, ms", MS),
    "finish": ("finish, ms", MS),
    "import": ("import and first use of a name, ms", MS),
    "rows": ("rows on the server", 1),
    "rate": ("rows a second, to the end of finish", 1),
    "grown": ("growth of the trainer's memory, MB", MB),
    "uploader": ("greatest memory of the uploader, MB", MB),
    "journal": ("journal, bytes a row", 1),
    "segments": ("files of the journal left, besides the head", 1),
    "more": ("what dual mode adds to p50, µs", US),
    "requests": ("requests", 1),
    "bytes": ("bytes of their bodies, kB", 1e-3),
    "epoch": ("epoch of 300 steps of a small torch model, ms", MS),
    "start": ("python -c pass, ms", MS),
    "instructions": ("python -c pass, millions of instructions (valgrind)", 1e-6),
    "first import": ("import of an empty module, ms", MS),
    "import wandb": ("python -c 'import wandb; wandb.init', ms", MS),
}
CALL = ("p50", "p99", "max")
STEADY = 30.0  # seconds of the run whose requests are counted
LAST_REQUEST = 10.0  # seconds without a request after which a run's uploader has ended its work

Round = dict[str, dict[str, Any]]


class Report:
    """Takes the rounds of each section, prints them as a table, and keeps them."""

    def __init__(self, about: dict[str, Any]) -> None:
        self.kept: dict[str, Any] = {"about": about, "sections": {}}
        self.console = Console(width=220)
        self.path = RESULTS / f"{datetime.datetime.now():%Y%m%d-%H%M%S}.json"

    def section(self, title: str, rounds: int, turns: dict[str, Callable[[], dict[str, Any]]], *keys: str) -> None:
        """Let each take its turn in every round."""
        self.report(title, [{name: turn() for name, turn in turns.items()} for _ in range(rounds)], *keys)

    def report(self, title: str, rounds: list[Round], *keys: str) -> None:
        """Print figures of each contender, with the ratios of the peers to the first; and keep them."""
        self.kept["sections"][title] = {"keys": keys, "rounds": rounds}
        names = list(rounds[0])
        table = Table("", *[FIGURES[key][0] for key in keys], title=title)
        for name in names:
            cells = []
            for key in keys:
                values = [one[name][key] * FIGURES[key][1] for one in rounds if key in one[name]]
                ratios = [one[name][key] / one[names[0]][key] for one in rounds if one[names[0]].get(key)]
                cell = f"{median(values):.4g}"
                if len(values) > 1:
                    cell += f" ({min(values):.4g} to {max(values):.4g})"
                cells.append(cell if name == names[0] or not ratios else f"{cell}, x {median(ratios):.3g}")
            table.add_row(name, *cells)
        self.console.print(table)
        RESULTS.mkdir(exist_ok=True)
        self.path.write_text(json.dumps(self.kept, indent=1))


def main() -> None:
    """Measure, print, and keep the rounds."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (3)")
    parser.add_argument("--calls", type=int, default=3000, help="log calls of a turn (3000)")
    parser.add_argument("--seconds", type=float, default=10, help="of the sustained row (10; the goal speaks of 60)")
    parser.add_argument("--most", type=int, default=1_000_000, help="rows of the longest run (1000000)")
    parser.add_argument("--starts", type=int, default=20, help="rounds of interpreter starts (20)")
    given = parser.parse_args()
    about = {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": os.getloadavg(),
        **vars(given),
    }
    report = Report(about)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "server") as server:
        measure(Bench(server, Path(folder)), report, given)
    report.console.print(f"kept in {report.path}")


def measure(bench: Bench, report: Report, given: argparse.Namespace) -> None:
    """Go through the rows of the table."""

    def of(names: tuple[str, ...], what: int | str, amount: float) -> dict[str, Callable[[], dict[str, Any]]]:
        return {name: lambda name=name: bench.turn(name, what, amount) for name in names}  # type: ignore[misc]

    def ours(what: int | str, amount: float, **more: str) -> Callable[[], dict[str, Any]]:
        return lambda: bench.turn(OURS, what, amount, **more)

    rounds, calls = given.rounds, given.calls
    report.section("10 scalars a call", rounds, of(PEERS, 10, calls), *CALL, "cpu", "init", "finish", "import")
    few = (OURS, "append", "wandb", "trackio")
    for count in (1, 100, 1000):
        amount = calls if count < 1000 else calls // 10
        report.section(f"{count} scalars a call", rounds, of(few, count, amount), *CALL, "cpu", "finish")
    far = {"0 ms": ours(10, calls)}
    for delay in (0.1, 10.0):
        far[f"{delay * 1000:g} ms"] = lambda delay=delay: _late(bench, calls, delay)  # type: ignore[misc]
    far["dead"] = lambda: bench.turn(OURS, 10, calls, NO_SERVER, WANDB_COMPAT_FINISH_BUDGET="1")
    report.section("10 scalars a call, by the latency of the server", rounds, far, *CALL, "init")
    kinds = {kind: ours(kind, calls) for kind in ("float", "numpy", "torch")}
    report.section("one scalar of a library, wandb-compat", rounds, kinds, *CALL)
    for kind, amount in (("image", 100), ("audio", 100), ("table", 5)):
        report.section(f"{kind}, one a call", rounds, of((OURS, "wandb"), kind, amount), *CALL, "finish")
    sustained = {OURS: ours("sustained", given.seconds, WANDB_COMPAT_FINISH_BUDGET="600")}
    report.section(
        f"10 scalars a call for {given.seconds:g} s",
        1,
        sustained,
        "rate",
        "share",
        *CALL,
        "grown",
        "uploader",
        "segments",
    )
    asked = {name: lambda name=name: _requests(bench, name) for name in (OURS, "pluto-ml")}  # type: ignore[misc]
    report.section(f"10 scalars 10 times a second for {STEADY:g} s, requests", 1, asked, "requests", "bytes")
    counts = {f"{count} calls": ours(10, count, WANDB_COMPAT_FINISH_BUDGET="60") for count in (3000, 100_000)}
    report.section("finish after quick calls, all on the server", rounds, counts, "finish", "rows")
    report.section("10 scalars in the journal", 1, {OURS: ours(10, 10_000, PLUTO_MODE="offline")}, "journal")
    growth(report, ours, given)
    report.report(
        "dual mode and wandb alone", [bench.dual(calls) for _ in range(rounds)], *CALL[:1], "p90", "init", "epoch"
    )
    names = ("empty", OURS, "dual", "wandb", "pluto-ml")
    report.section(
        "interpreter start", given.starts, {name: lambda n=name: {"start": bench.start(n)} for name in names}, "start"
    )
    if shutil.which("valgrind"):
        counts = {name: lambda n=name: {"instructions": bench.instructions(n)} for name in names}
        report.section("interpreter start, without the noise of the machine", 1, counts, "instructions")
    depths = {f"a module in {count} packages": count for count in range(3)}
    nested = {name: lambda n=count: {"first import": bench.first_import(n)} for name, count in depths.items()}
    report.section("an extra package at interpreter start", given.starts, nested, "first import")
    use = {
        name: lambda n=name: {"import wandb": bench.start(n, "import wandb; wandb.init")} for name in (OURS, "wandb")
    }
    report.section("import", given.starts, use, "import wandb")


def _late(bench: Bench, calls: int, delay: float) -> dict[str, Any]:
    proxy = FaultProxy(bench.server.url)
    proxy.fault, proxy.delay = "late", delay
    try:
        return bench.turn(OURS, 10, calls, proxy.url, WANDB_COMPAT_FINISH_BUDGET="1")
    finally:
        proxy.shut()


def _requests(bench: Bench, name: str) -> dict[str, Any]:
    """Count what a contender asks a server during a run, and until its uploader has ended."""
    proxy = FaultProxy(bench.server.url)
    try:
        figures = bench.turn(name, "steady", STEADY, proxy.url)
        while time.monotonic() - proxy.calls[-1].time < LAST_REQUEST:
            time.sleep(0.5)
        return {**figures, "requests": len(proxy.calls), "bytes": sum(len(call.body) for call in proxy.calls)}
    finally:
        proxy.shut()


def growth(report: Report, ours: Callable[..., Callable[[], dict[str, Any]]], given: argparse.Namespace) -> None:
    """Tell the cost of a call as the work grows: distinct keys, rows, threads."""
    budget = {"WANDB_COMPAT_FINISH_BUDGET": "600"}
    keys = {f"{count} keys": ours(f"keys-{count}", 20_000, **budget) for count in (1, 10, 100, 1000, 10_000)}
    report.section("cost by distinct keys", 1, keys, "p50", "mean", "cpu", "finish")
    many = [10**power for power in range(4, 8) if 10**power <= given.most]
    report.section(
        "cost by rows", 1, {f"{n} rows": ours(10, n, **budget) for n in many}, "p50", "mean", "cpu", "finish", "grown"
    )
    threads = {f"{count} threads": ours(f"threads-{count}", 25_600, **budget) for count in (1, 4, 16, 64)}
    report.section("cost by threads", 1, threads, "p50", "mean", "cpu", "finish")


if __name__ == "__main__":
    main()

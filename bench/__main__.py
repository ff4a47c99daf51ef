"""`make bench`: our `log` in pluto mode beside the real wandb offline and pluto-ml's own client, in one run.

Each figure is the median of the rounds, with the least and the greatest in brackets; a ratio is a peer's figure over
ours in the same round, so above one means that we need less. All rounds go to `bench/results/` as JSON.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from wandb_compat.local.serve import Running, running

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "bench"
RESULTS = Path(__file__).with_name("results")

# What is installed for each contender, besides Python.
ENVIRONMENTS = {
    "empty": [],
    "wandb-compat": [str(ROOT)],
    "wandb": ["wandb==0.31.0", "numpy", "pillow"],
    "pluto-ml": ["pluto-ml==0.0.29"],
    "dual": ["wandb==0.31.0", "numpy", "pillow", str(ROOT)],
}
OURS = ("wandb-compat", "dual")
# Torch is lent from the environment that runs the bench: it is large.
LENT = ("torch", "torchgen", "functorch", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "filelock", "fsspec")
CONTENDERS = ("wandb-compat", "wandb", "pluto-ml")
SCALARS = (1, 10)
NOBODY = "http://127.0.0.1:9"  # the discard port
UNITS = {
    **dict.fromkeys(("p50", "p90", "p99", "max", "cpu", "more"), 1e6),
    **dict.fromkeys(("init", "finish", "import", "start", "epoch"), 1e3),
}
TITLES = {
    "p50": "caller's time of a log call, p50, µs",
    "p99": "the same, p99, µs",
    "max": "the same, maximum, µs",
    "cpu": "process CPU a call, finish included, µs",
    "init": "init, ms",
    "finish": "finish, ms",
    "import": "import and first use of a name, ms",
    "rows": "rows on the server",
}

IN_TURN = {
    **{key: TITLES[key] for key in ("p50", "init")},
    "p90": "caller's time of a log call, p90, µs",
    "more": "what dual mode adds to p50, µs",
    "epoch": "epoch of 300 steps of a small torch model, ms",
}
WITH_IMAGES = {key: TITLES[key] for key in ("p50", "p99", "max", "finish")}

Round = dict[str, dict[str, Any]]


def python(name: str) -> Path:
    """Return the interpreter of a contender's virtual environment, made on first use and ours anew each time."""
    home = CACHE / name
    interpreter = home / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    ready = home / "ready"  # says what is installed
    fresh = name in OURS or not ready.exists() or ready.read_text() != str(ENVIRONMENTS[name])
    if fresh and ENVIRONMENTS[name]:
        command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        again = name in OURS and ready.exists()
        extra = ["--force-reinstall", "--no-deps", str(ROOT)] if again else ENVIRONMENTS[name]
        subprocess.run([*command, *extra], check=True)
        ready.write_text(str(ENVIRONMENTS[name]))
    return interpreter


def turn(name: str, what: int | str, calls: int, server: Running, folder: Path, away: bool = False) -> dict[str, Any]:
    """Let a contender log rows of so many scalars, or `images`, and return its figures.

    `away` points it to a server that is not there.
    """
    home = folder / f"{name}-{what}-{time.monotonic_ns()}"
    home.mkdir(parents=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "PLUTO_", "PYTHON"))}
    environment = {
        **kept,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "PLUTO_DISABLE_TELEMETRY": "1",
        "PLUTO_DIR": str(home),
        "WANDB_COMPAT_LINGER": "0",  # no courier of a turn may run beside the next one
        **server.environment(),
    }
    project = home.name
    environment["PLUTO_PROJECT"] = project
    if name == "wandb":
        environment.update(WANDB_MODE="offline", WANDB_SILENT="true", PLUTO_API_KEY="")
    if away:
        environment.update({f"PLUTO_URL_{base}": NOBODY for base in ("APP", "API", "INGEST", "PY")})
    command = [str(python(name)), str(ROOT / "bench" / "workload.py"), name, str(what), str(calls)]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    if name != "wandb" and what != "images" and not away:
        figures["rows"] = rows_on_server(server, "bench" if name == "pluto-ml" else project)
    return figures


def dual(calls: int, server: Running, folder: Path) -> Round:
    """Let dual mode take a turn beside wandb alone, and return the figures of both."""
    home = folder / f"dual-{time.monotonic_ns()}"
    lent = home / "lent"
    lent.mkdir(parents=True)
    for package in LENT:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise SystemExit(f"the bench needs {package}, as torch does")
        (lent / package).symlink_to(Path(spec.origin).parent)
    (lent / "typing_extensions.py").symlink_to(str(importlib.util.find_spec("typing_extensions").origin))  # type: ignore[union-attr]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "PLUTO_", "PYTHON"))}
    environment = {
        **kept,
        "HOME": str(home),
        "PYTHONPATH": str(lent),
        "PLUTO_DISABLE_TELEMETRY": "1",
        "PLUTO_PROJECT": home.name,
        "WANDB_MODE": "offline",
        "WANDB_ERROR_REPORTING": "false",
        **server.environment(),
    }
    command = [str(python("dual")), str(ROOT / "bench" / "dual.py"), str(calls), "5", "5"]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"dual mode failed:\n{done.stderr}")
    figures: Round = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def rows_on_server(server: Running, project: str) -> int:
    """Return how many values of the first metric the newest run of a project has on the server."""
    headers = {"Authorization": f"Bearer {server.key}"}
    get = lambda path, **query: requests.get(server.url + path, params=query, headers=headers, timeout=30).json()  # noqa: E731
    run = get("/api/runs/list", projectName=project, limit=1)["runs"][0]
    found = get("/api/runs/statistics", projectName=project, runId=run["id"], logName="metric/0")["metrics"]
    return int(found[0]["count"]) if found else 0


def starts(rounds: int) -> Iterator[Round]:
    """Yield rounds of bare interpreter starts, in an empty environment and in those of the contenders."""
    for _ in range(rounds):
        figures: Round = {}
        for name in ENVIRONMENTS:
            interpreter = python(name)
            began = time.perf_counter()
            subprocess.run([str(interpreter), "-c", "pass"], check=True)
            figures[name] = {"start": time.perf_counter() - began}
        yield figures


def show(console: Console, title: str, rounds: list[Round], rows: dict[str, str], names: tuple[str, ...]) -> None:
    """Print a table: figures of each contender, and ratios of the peers to the first."""
    table = Table("", *names, *[f"{name} / {names[0]}" for name in names[1:]], title=title)
    for key, label in rows.items():
        unit = UNITS.get(key, 1)
        cells = []
        for name in names:
            values = [one[name][key] * unit for one in rounds if key in one[name]]
            cells.append(f"{median(values):.4g} ({min(values):.4g} to {max(values):.4g})" if values else "-")
        for name in names[1:]:
            ratios = [
                one[name][key] / one[names[0]][key] for one in rounds if key in one[name] and one[names[0]].get(key)
            ]
            cells.append(f"{median(ratios):.3g}" if ratios else "-")
        table.add_row(label, *cells)
    console.print(table)


def main() -> None:
    """Measure, print, and keep the rounds."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of logging (3)")
    parser.add_argument("--calls", type=int, default=5000, help="log calls of a turn (5000)")
    parser.add_argument("--images", type=int, default=100, help="images of a turn, one a call (100)")
    parser.add_argument("--starts", type=int, default=20, help="rounds of interpreter starts (20)")
    given = parser.parse_args()
    console = Console(width=150)
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in ENVIRONMENTS:
        python(name)
    kept: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "calls": given.calls,
    }
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "server") as server:
        for scalars in SCALARS:
            rounds = [
                {name: turn(name, scalars, given.calls, server, Path(folder)) for name in CONTENDERS}
                for _ in range(given.rounds)
            ]
            kept[f"{scalars} scalars"] = rounds
            title = f"{given.calls} calls as fast as Python can, {scalars} scalars a call"
            show(console, title, rounds, TITLES, CONTENDERS)
        kept["away"] = [
            {"wandb-compat": turn("wandb-compat", 10, given.calls, server, Path(folder), away=True)}
            for _ in range(given.rounds)
        ]
        rows = {key: TITLES[key] for key in ("init", "p50", "p99", "max", "finish")}
        show(console, "the same, ten scalars, with the server away", kept["away"], rows, CONTENDERS[:1])
        rivals = CONTENDERS[:2]
        kept["images"] = [
            {name: turn(name, "images", given.images, server, Path(folder)) for name in rivals}
            for _ in range(given.rounds)
        ]
        title = f"{given.images} images of 512 x 512 x 3 bytes, one a call"
        show(console, title, kept["images"], WITH_IMAGES, rivals)
        kept["dual"] = [dual(given.calls, server, Path(folder)) for _ in range(given.rounds)]
        show(
            console, "dual mode and wandb alone, ten scalars a call, in turn", kept["dual"], IN_TURN, ("wandb", "dual")
        )
    kept["start"] = list(starts(given.starts))
    names = ("wandb-compat", "empty", "pluto-ml", "wandb")
    show(console, "interpreter start", kept["start"], {"start": "python -c pass, ms"}, names)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.datetime.now():%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(kept, indent=1))
    console.print(f"kept in {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
